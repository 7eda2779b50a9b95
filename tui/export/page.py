"""Page: a dossier as one HTML file that needs nothing else: no script, no font, no other file, no network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from mtorch.debug.spans import plural, ranges
from tui.export.chart import curve
from tui.export.dossier import Dossier, Excerpt
from tui.export.style import STYLE
from tui.output import closing, facts
from tui.plain import plain
from tui.viewmodels.bars import decades
from tui.viewmodels.checks import by_tensor, error
from tui.viewmodels.numbers import shape, short
from tui.viewmodels.statistics import statistics
from tui.viewmodels.table import Cell
from tui.viewmodels.verdict import SIGNS
from tui.viewmodels.views import parameters
from tui.viewmodels.views.parameters import HIGH, LOW

ROWS, COLUMNS = 8, 6
"""Cells of an excerpt at most."""

SIGN = {"wrong": "✗ ", "noted": "", "open": "", "right": "✓ "}


def page(told: Dossier) -> str:
    """The whole file. Names come from data, and are escaped."""
    title = f"mtorch: {said(told.checked.target)}"
    parts = [
        f"<h1>{title}</h1>",
        f'<p class="{"right" if told.checked.ok else "wrong"} summary">{said(closing(told.checked).plain)}</p>',
        section("The run", definitions(told.made.items())),
        section("Findings", findings(told)),
        section("Loss per element", curve(told.losses)),
        section("Gradients", checks(told)),
        *wrong_tensors(told),
        section(f"Norms in iteration {told.iterations[0]}", norms(told)) if told.layers else "",
        section(f"Updates in iteration {told.iterations[0]}", updates(told)) if told.updates else "",
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(filter(None, parts))
        + "\n</main>\n</body>\n</html>\n"
    )


def said(text: object) -> str:
    """Words out of data, for HTML."""
    return escape(plain(text))


def section(title: str, content: str) -> str:
    return f"<section>\n<h2>{said(title)}</h2>\n{content}\n</section>"


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{said(name)}</dt><dd>{said(value)}</dd>" for name, value in pairs) + "</dl>"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """Cells are HTML; the first `words` columns are text, all others numbers."""
    kinds = ["" if number < words else ' class="n"' for number in range(len(heads))]
    head = "".join(f'<th scope="col"{kind}>{said(name)}</th>' for name, kind in zip(heads, kinds, strict=True))
    body = "\n".join(
        "<tr>" + "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


def findings(told: Dossier) -> str:
    faults = told.checked.faults()
    if not faults:
        return "<p>None.</p>"
    items = []
    for fault in faults:
        finding = fault.finding
        evidence = f'<p class="more">evidence: {said(facts(finding.evidence))}</p>' if finding.evidence else ""
        word = "iteration" if len(fault.iterations) == 1 else "iterations"
        items.append(
            f'<li class="{finding.severity}"><strong>{SIGNS[finding.severity]} {said(finding.severity)}: '
            f"{said(finding.cause)}</strong><p>{said(finding.message)}</p>{evidence}"
            f'<p class="more">in {word} {said(ranges(fault.iterations))}; '
            f"see <code>{said(fault.address)}</code></p></li>"
        )
    return "<ol>\n" + "\n".join(items) + "\n</ol>"


def checks(told: Dossier) -> str:
    """By layer and tensor, the wrong ones first."""
    order = {"wrong": 0, "noted": 1, "open": 2, "right": 3}
    rows = sorted(by_tensor(told.checked.checks, told.checked.noted), key=lambda row: order[row.kind])
    word = "Iteration" if len(told.iterations) == 1 else "Iterations"
    scope = f"{word} {said(ranges(told.iterations))}, each backward call against the numerical derivative."
    cells = (
        (
            f'<span class="{row.kind}">{SIGN[row.kind]}{said(row.verdict)}</span>',
            f"<code>{said(row.path) or '(the model)'}</code>",
            said(row.tensor),
            "<br>".join(map(said, row.methods)),
            str(row.calls),
            error(row.worst),
        )
        for row in rows
    )
    return f"<p>{scope}</p>" + table(("verdict", "path", "tensor", "method", "calls", "worst error"), cells, 4)


def wrong_tensors(told: Dossier) -> list[str]:
    if not told.excerpts:
        return []
    more = f"<p>{plural(told.left_out, 'more tensor')} with wrong numbers not shown.</p>" if told.left_out else ""
    return [section("Wrong tensors", "\n".join(map(excerpt, told.excerpts)) + more)]


def excerpt(found: Excerpt) -> str:
    """At most ROWS x COLUMNS cells around the one that is furthest off."""
    grid = found.table
    row, column = grid.worst
    top, left = (
        max(0, min(n - size // 2, count - size))
        for n, size, count in ((row, ROWS, grid.rows), (column, COLUMNS, grid.columns))
    )
    rows, columns = range(top, min(grid.rows, top + ROWS)), range(left, min(grid.columns, left + COLUMNS))
    double = grid.right is not None
    heads = "".join(
        f'<th scope="col" class="n"{" colspan=2" if double else ""}>{said(grid.column_label(c))}</th>' for c in columns
    )
    body = "\n".join(
        f'<tr><th scope="row" class="n">{said(grid.row_label(r))}</th>'
        + "".join(heated(cell) for c in columns for cell in grid.cells(r, c))
        + "</tr>"
        for r in rows
    )
    notes = [
        said(statistics(grid.array)),
        f"rows {rows.start}…{rows.stop - 1} of {grid.rows}, "
        f"columns {columns.start}…{columns.stop - 1} of {grid.columns}",
    ]
    if found.error is not None:
        notes.insert(1, f"relative error {found.error:.2g}")
    if grid.rest:
        notes.append(f"index {list(grid.fixed)} of axes {list(grid.rest)}")
    if found.others:
        notes.append(f"wrong in {plural(found.others, 'more call')}")
    if not double:
        notes.append("the right numbers could not be had")
    return (
        f"<h3><code>{said(found.tensor)}</code> at <code>{said(found.address)}</code></h3>\n"
        f'<p class="more">{"; ".join(notes)}.</p>\n<div class="wide"><table class="heat">'
        f"<thead><tr><th></th>{heads}</tr></thead><tbody>\n{body}\n</tbody></table></div>"
    )


def heated(cell: Cell) -> str:
    shade = "" if cell.level is None else f" h{cell.level}"
    return f'<td class="n{shade}">{said(cell.text)}{" ✗" if cell.wrong else ""}</td>'


def norms(told: Dossier) -> str:
    """Each layer's output going forward and its gradient coming back, over all its calls; bars are logarithmic."""
    sizes = {row.path: row.norms for row in told.layers}
    scale = decades(size for pair in sizes.values() for size in pair if size is not None)
    rows = (
        (
            f"<code>{'&nbsp;' * 2 * row.path.count('.')}{said(row.path)}</code>",
            {"✓": "✓ right", "✗": "✗ wrong", "·": "· wrong inside"}.get(told.marks.get(row.path, ("",))[0], ""),
            str(row.calls),
            *(amount(size, scale, kind) for size, kind in zip(sizes[row.path], ("forward", "backward"), strict=True)),
        )
        for row in told.layers
    )
    heads = ("layer", "check", "calls", "output, forward", "gradient, back")
    return table(heads, rows, 2) + f'<p class="more">Bars are logarithmic, from 1e{scale[0]} to 1e{scale[1]}.</p>'


def amount(value: float | None, scale: tuple[int, int], kind: str) -> str:
    if value is None:
        return "-"
    low, high = scale
    share = 0.0
    if value > 0:
        share = 1.0 if math.isinf(value) else min(1.0, max(0.01, (math.log10(value) - low) / (high - low)))
    return f'{short(value)} <span class="bar"><span class="{kind}" style="width:{share:.0%}"></span></span>'


def updates(told: Dossier) -> str:
    rows = (
        (
            f"<code>{said(row.path)}</code>",
            shape(row.shape),
            parameters.told(row.ratio) + ("" if row.ratio is None or LOW <= row.ratio <= HIGH else " !"),
            *map(parameters.told, (row.delta, row.weight, row.gradient)),
        )
        for row in told.updates
    )
    heads = ("parameter", "shape", "ratio", "|delta|", "|weight|", "|gradient|")
    note = f"Ratio is |delta| / |weight|; a ! is outside {LOW:g}…{HIGH:g}."
    return table(heads, rows, 2) + f'<p class="more">{note}</p>'
