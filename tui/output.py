"""Output: what the headless commands say, as Rich renderables. Verdicts are words; colour only repeats them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mtorch.debug.differences import Comparison
from mtorch.debug.spans import plural, ranges
from scenarios import Scenario
from tui.checking import Checked, Fault
from tui.datasets import Dataset
from tui.epochs import Epochs
from tui.plain import plain
from tui.rows import check_table
from tui.viewmodels.apart import APART, distance_row, headings, heads, what_differs, where_first
from tui.viewmodels.checks import NOTED, error, worst

if TYPE_CHECKING:
    from tui.record import Tape, Verified

MOST_NAMED = 8
SEVERITY_STYLE = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def check_report(checked: Checked) -> RenderableType:
    """Faults first, then what was checked, then a line that sums up."""
    seed = "" if checked.script else f", seed {checked.seed}"
    head = line(f"check of {plain(checked.target)}{seed}, {plural(checked.iterations, 'iteration')}", "bold")
    faults = [fault_text(number, fault) for number, fault in enumerate(checked.faults(), 1)]
    scope = [Text(covered(checked))] if checked.script else []
    why = (
        [line(f"in the debugger, {checked.way[0]}: {plain(checked.way[1])}")] if checked.way and checked.way[1] else []
    )
    return Group(head, *faults, check_table(checked), closing(checked), *why, *scope)


def fault_text(number: int, fault: Fault) -> RenderableType:
    finding = fault.finding
    title = Text.assemble(
        f"{number}. ", (finding.severity, SEVERITY_STYLE[finding.severity]), f": {finding.cause}", style="bold"
    )
    said = [Text(f"{plain(finding.message).rstrip('.')}.")]
    if finding.evidence:
        said.append(Text(f"evidence: {facts(finding.evidence)}"))
    word = "iteration" if len(fault.iterations) == 1 else "iterations"
    most = f"; worst relative error {error(fault.worst)}" if fault.worst and len(fault.iterations) > 1 else ""
    said.append(Text(f"in {word} {ranges(fault.iterations)}; see {plain(fault.address)}{most}"))
    return Padding(Group(title, Padding(Group(*said), (0, 0, 0, 3))), (1, 0, 0, 0))


def closing(checked: Checked) -> Text:
    """The whole in a line."""
    wrong, unknown, right = (sum(check.ok is state for check in checked.checks) for state in (False, None, True))
    noted = len(checked.noted)
    unchecked = (f"; {noted} {NOTED}" if noted else "") + (f"; {unknown} not checked" if unknown else "")
    gradients, iterations = plural(wrong + right, "gradient"), plural(checked.iterations, "iteration")
    if faults := checked.faults():
        said = (
            f"{plural(len(faults), 'finding')} in {iterations}; {gradients} checked, {wrong - noted} wrong{unchecked}"
        )
        return line(f"ok: {said}", "yellow") if checked.ok else line(said, "bold red")
    if not right:
        return line(f"nothing found, but no gradient of {iterations} could be checked{unchecked}", "yellow")
    agree = "agrees" if right == 1 else "agree"
    size = error(worst(checked.checks))
    said = f"ok: {gradients} of {iterations} {agree} with numerical derivatives, worst relative error {size}"
    return line(said + unchecked, "green")


def covered(checked: Checked) -> str:
    """What the check of a script was of, and what it says nothing about."""
    layers = [*dict.fromkeys(plain(check.path) or "(the model)" for check in checked.checks if check.ok is not None)]
    more = f" and {len(layers) - MOST_NAMED} more" if len(layers) > MOST_NAMED else ""
    names = ", ".join(layers[:MOST_NAMED]) + more
    unseen = "" if checked.loss_seen else ", and the loss, which was not seen"
    return (
        f"covered: {plural(len(layers), 'layer')}{names and f' ({names})'}, each backward against its own forward; "
        f"not covered: what is done with gradients elsewhere, as in updates and resets{unseen}"
    )


def scenario_table(scenarios: Iterable[Scenario]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("scenario", no_wrap=True)
    table.add_column("summary")
    table.add_column("tags")
    for scenario in scenarios:
        table.add_row(*map(Text, (scenario.name, scenario.summary, ", ".join(scenario.tags))))
    return Group(table, Text("mtorch list NAME shows a scenario's settings and what its check is to find"))


def scenario_details(scenario: Scenario) -> RenderableType:
    expected = [
        " ".join(filter(None, (e["cause"], e["path"], e["tensor"], f"t={ranges(e['t'])}" if e["t"] else "")))
        for e in scenario.expected or ()
    ]
    rows = {
        "tags": ", ".join(scenario.tags),
        "settings": "\n".join(f"{key}={value}" for key, value in scenario.settings.items()) or "none",
        "data": "bundled; another folder with --data" if scenario.takes_data else "makes its own; takes no --data",
        "epochs": str(scenario.epochs),
        "expected": "\n".join(expected) if scenario.expected is not None else "nothing: it is healthy",
    }
    grid = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        grid.add_row(Text(name), Text(value))
    return Group(Text(scenario.name, "bold"), Text(scenario.summary), Text(), grid)


def dataset_table(datasets: Iterable[Dataset]) -> RenderableType:
    """The datasets, then where each is, on a line of its own that can be copied."""
    datasets = list(datasets)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("dataset", "summary", "size", "there"):
        table.add_column(column, no_wrap=column != "summary", justify="right" if column == "size" else "left")
    for dataset in datasets:
        table.add_row(*map(Text, (dataset.name, dataset.summary, decimal(dataset.size), state(dataset))))
    places = [line(f"{dataset.name}: {plain(dataset.path)}") for dataset in datasets]
    return Group(table, *places, line("mtorch data fetch NAME gets what is not there"))


def state(dataset: Dataset) -> str:
    if dataset.bundled:
        return "bundled"
    missing, files = len(dataset.missing()), len(dataset.files)
    return "yes" if not missing else "no" if missing == files else f"{files - missing} of {plural(files, 'file')}"


def fetched(dataset: Dataset, before: bool) -> RenderableType:
    """Where a dataset is, whether it was there before, and how to use it."""
    how = "is bundled" if dataset.bundled else "was there already, whole" if before else "is there now, whole"
    return Group(line(f"{dataset.name} {how}: {plain(dataset.path)}"), line(f"use it with: {plain(dataset.command)}"))


def epoch_line(number: int, epochs: int, mean: float, accuracy: float | None) -> Text:
    return line(f"epoch {number}/{epochs}: loss per element {mean:.6g}{share(accuracy)}")


def train_line(run: Epochs, accuracy: float | None) -> Text:
    done = plural(len(run.losses), "iteration")
    return line(f"done: {done}, loss per element {run.mean():.6g} (mean of the last epoch){share(accuracy)}", "bold")


def stopped_line(run: Epochs) -> Text:
    """What an interrupted training has reached."""
    if not run.losses:
        return line("stopped before the first iteration was done")
    done = plural(len(run.losses), "iteration")
    return line(f"stopped: {done}, loss per element {run.mean():.6g} (mean of the epoch so far)")


def recorded_line(tape: Tape, how: str) -> Text:
    """What is in a recording that was just made."""
    done, every = plural(tape.recorder.at, "iteration"), tape.recorder.every
    run = f"a checkpoint every {every}" if every else f"{plural(tape.recorder.whole, 'iteration')} kept whole"
    return line(f"{how}: {done} in {plain(tape.path)}, {run}, {decimal(tape.path.stat().st_size)}", "bold")


def verified(found: Verified) -> RenderableType:
    """Whether a recording came out the same again; where not, what may explain it."""
    recording, otherwise = found.recording, found.otherwise
    scope = f"{plural(len(recording.losses), 'loss', 'losses')}, {plural(len(recording.checkpoints), 'checkpoint')}"
    scope += f" and {plural(len(recording.kept), 'iteration')} kept whole"
    name = plain(recording.path)
    machine = "; ".join(map(plain, found.machine))
    if otherwise is None:
        other = f" (on another machine: {machine})" if machine else ""
        return line(f"the same, bit by bit: {scope} of {name}{other}", "green")
    where = "at" if otherwise.exact else "at, or after,"
    said = [
        line(f"{name} comes out otherwise here, first {where} iteration {otherwise.first}", "bold red"),
        line(plain(what_differs(otherwise.difference, "the recording", "this run"))),
        line(
            f"the machine is another, which explains last bits: {machine}"
            if machine
            else "the machine is the same: the run is no function of state and number, or the file was changed"
        ),
    ]
    return Group(*said)


def difference_report(a: str, b: str, found: Comparison) -> RenderableType:
    """Where two runs first differ, and how far they part from there."""
    a, b = plain(a), plain(b)
    names = headings(a, b)
    legend = [] if names == (a, b) else [line(f"A is {a}, B is {b}")]
    said = line(plain(where_first(found, *names)), "green" if found.same else "bold red")
    head = [line(f"diff of {names[0]} and {names[1]}, {plural(found.stop, 'iteration')}", "bold"), *legend, said]
    if found.same:
        return Group(*head)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in heads(names):
        table.add_column(Text("\n".join(title)), justify="right", overflow="fold")
    for distance in found.distances:
        table.add_row(*map(Text, distance_row(distance)))
    return Group(*head, table, Text(APART))


def line(text: str, style: str = "") -> Text:
    """One line, however narrow the screen."""
    return Text(text, style, no_wrap=True, overflow="ignore")


def share(accuracy: float | None) -> str:
    return "" if accuracy is None else f", test accuracy {accuracy:.2%}"


def facts(evidence: Mapping[str, Any]) -> str:
    """Numbers with their names: matches t 9, relative error 0.106."""
    return ", ".join(f"{plain(key).replace('_', ' ')} {fact(value)}" for key, value in evidence.items())


def fact(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(fact, value)) + "]"
    return plain(value)
