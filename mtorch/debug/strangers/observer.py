"""Observer: what a stranger's layers are called with, iteration by iteration, as traces that can be checked.

While the script is at work, its calls are noted, and what they have is copied; what it all means is found out when an
iteration is over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from mtorch.debug.events import Event, Trace
from mtorch.debug.strangers.arguments import argument_names, identities, required, simple, walk
from mtorch.debug.strangers.calls import call_of
from mtorch.debug.strangers.chance import Chance
from mtorch.debug.strangers.copies import Kept, duplicate
from mtorch.debug.strangers.forwards import changed, named
from mtorch.debug.strangers.handed import like_gradients, told_apart
from mtorch.debug.strangers.leaves import emptied, filled, numbers, rebuilt
from mtorch.debug.strangers.leavings import output_of
from mtorch.debug.strangers.outcome import settle
from mtorch.debug.strangers.pairs import Pair
from mtorch.debug.strangers.places import Place, get
from mtorch.debug.strangers.quiet import quietly
from mtorch.debug.strangers.seen import Seen, everything
from mtorch.debug.strangers.stranger import Parameter, Ref
from mtorch.debug.strangers.valued import loss_event
from mtorch.debug.strangers.wiring import Leftovers
from mtorch.debug.tracer import Node, flatten, number_time_steps, update_of
from mtorch.layers.base import Array
from mtorch.naming import label

MOST_TURNS = 10
"""So many passes back and forth may come before the first forward of the class that begins iterations."""
LOSSES = ("loss", "compute_loss", "cost", "get_loss")
"""Methods of a layer whose backward is the derivative of theirs, where it is handed no gradient."""


class Observer:
    """Listens to a watch. `over` is handed each iteration's trace when the next begins, or at `end`.

    An iteration begins with a forward call that is made from outside all layers, after a backward; or, with
    `begins`, with a forward of the class of that name; with `whole`, only `end` tells where one ends. `unclear` says
    what was too ambiguous to be checked, `broken` where observing failed and was given up. `owned` has the parameters
    that were found, each by its path: the layer, and where it is there; `notes` are an event's address and a text.
    """

    def __init__(
        self, over: Callable[[Trace, dict[str, Array]], None], begins: str = "", *, whole: bool = False
    ) -> None:
        self.over, self.begins, self.whole = over, begins, whole
        self.owned: dict[str, tuple[Any, Place]] = {}
        self.iteration = 0
        self.unclear: list[str] = []
        self.notes: list[list[str]] = []
        self._noted: list[tuple[Seen | None, str]] = []
        self.broken = ""
        self.finished = False
        self.roots: list[Seen] = []
        self.stack: list[Seen] = []
        self.pending: defaultdict[int, list[Seen]] = defaultdict(list)
        self.turned = False
        self._asked: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        self._known: dict[int, tuple[Any, str]] = {}
        self._taken: defaultdict[str, list[str]] = defaultdict(list)
        self._pairs: dict[int, tuple[Parameter, ...]] = {}
        self._outputs: dict[int, Place] = {}
        self._ended: list[Seen] = []
        self._kept = Kept()
        self.latest: list[Seen] = []
        """The calls of the iteration that is over, those without a backward, too."""
        self._leftovers = Leftovers()
        self._began, self._turns = False, 0
        self.lost: Callable[[], None] = lambda: None
        """Is called where the class that is to begin iterations has not been called in so many of them."""

    def as_before(self, other: Observer) -> None:
        """Take over what another one has found out of the layers: their names, and where what is."""
        self._known, self._pairs, self._outputs = dict(other._known), dict(other._pairs), dict(other._outputs)
        self._taken.update({inside: list(names) for inside, names in other._taken.items()})

    # What the watch reports.

    def enter(self, target: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if method == "backward":
            self._alone(target, args)
            self._open(self._backward(target, args, kwargs))
        elif method in LOSSES:
            self._asked.append((args, kwargs))
        else:
            if self._begins(target):
                self.end()
            self._open(self._forward(target, method, args, kwargs))

    def leave(self, target: Any, method: str, result: Any) -> None:
        if method in LOSSES:
            self._loss(target, method, result, *self._asked.pop())
            return
        node = self.stack.pop()
        if method == "backward":
            node.after = duplicate(target, node.afterwards, self._kept)
            node.result = duplicate(result, {}, self._kept)
            self._ended.append(node)
            self.turned = self.turned or not self.stack
            return
        self._gave(node, result)

        def held(array: Any) -> Any:
            copied = self._kept(array)
            node.held_copies.append((array, copied))
            return copied

        node.after = duplicate(target, node.afterwards, held)

    def _gave(self, node: Seen, result: Any) -> None:
        """A forward is over."""
        node.result, node.given = result, numbers(result)
        if result is None:
            self._left(node)
        node.parts = list(walk(node.result, ()))

    def valued(self, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """A loss that is no layer was called."""
        node = loss_event(args, kwargs, result)
        if node is not None and self.pending and not self.stack:
            self.roots.append(node)

    def failed(self, target: Any, method: str) -> None:
        """A call has raised."""
        if method in LOSSES:
            self._asked.pop()
        elif self.stack:
            node = self.stack.pop()
            calls = self.pending[id(node.layer)]
            if node.phase == "forward" and calls and calls[-1] is node:
                calls.pop()
            elif isinstance(node.partner, Seen):  # which waits for another backward
                calls.append(node.partner)
                node.partner = None

    def note(self, text: str) -> None:
        """Something to be noted at the call that came last; before an iteration's first, at that one."""
        self._noted.append((self.stack[-1] if self.stack else self.roots[-1] if self.roots else None, text))

    def _note(self, events: list[Event]) -> None:
        for node, said in self._noted:
            sought = (node.phase, node.path) if node else None
            event = next((e for e in events if (e.address.phase, e.address.path) == sought), events[0])
            if [str(event.address), said] not in self.notes:
                self.notes.append([str(event.address), said])
        self._noted.clear()

    def _left(self, node: Seen) -> None:
        """A forward returned nothing: its output is what it left in an attribute, the same each time."""
        place = self._outputs.get(id(node.layer)) or output_of(node)
        if place is not None:
            self._outputs[id(node.layer)] = node.left[""] = place
            node.result = get(node.layer, place)
            node.given = numbers(node.result)

    def _begins(self, target: Any) -> bool:
        if self.whole:
            return False
        if self.begins:
            begins = name_of(target) == self.begins and not self.stack
            self._began = self._began or begins
            self._turns += self.turned and not self.stack and not self._began
            self.turned = self.turned and bool(self.stack)
            if self._turns > MOST_TURNS:
                self.lost()
            return begins and bool(self.roots)
        return not self.stack and self.turned

    @property
    def called(self) -> list[str]:
        """The names of classes, and of pairs of functions, that were called."""
        return [*dict.fromkeys(name_of(target) for target, _ in self._known.values())]

    @property
    def unnamed(self) -> list[str]:
        """Of functions that were called as layers, what they use and nobody named."""
        pairs = [target for target, _ in self._known.values() if isinstance(target, Pair)]
        return [said for pair in pairs if (said := pair.unnamed)]

    def unbegun(self) -> str:
        """In words, why no iteration could begin with a forward of the class that was named; "" where one did."""
        if not self.begins or self._began or not self.called:
            return ""
        outer = [*dict.fromkeys(name_of(target) for target, path in self._known.values() if "." not in path)]
        if self.begins not in self.called:
            return f"no class of that name was called; called were {', '.join(self.called)}"
        return f"it is called only from inside others; from outside, {', '.join(outer)} were called"

    def _open(self, node: Seen) -> None:
        (self.stack[-1].children if self.stack else self.roots).append(node)
        self.stack.append(node)

    def _path(self, target: Any) -> str:
        """Where a layer was first called: in which other, and what it is called there."""
        if id(target) not in self._known:
            inside = self._path(self.stack[-1].layer) if self.stack else ""
            name, taken = label(target), self._taken[inside]
            taken.append(name)
            count = taken.count(name)
            own = name if count == 1 else f"{name}{count}"
            self._known[id(target)] = target, f"{inside}.{own}" if inside else own
        return self._known[id(target)][1]

    def _forward(self, target: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Seen:
        path = self._path(target)
        node = Seen("forward", path, path.rpartition(".")[2], target, method=method, chance=Chance(type(target)))
        node.twin = duplicate(target, node.memo, self._kept)
        node.template, node.leaves = emptied((args, kwargs))
        node.ids, node.live = identities((args, kwargs)), (args, kwargs)
        if not any(inside.layer is target and inside.phase == "backward" for inside in self.stack):
            self.pending[id(target)].append(node)  # else it has its backward already
        return node

    def _alone(self, target: Any, args: tuple[Any, ...]) -> None:
        """A backward that makes its forward itself, of what it is handed first: that is called on a copy."""
        if self.pending[id(target)] or not hasattr(target, "forward"):
            return
        taken = required(target, "forward")
        first = argument_names(target, "backward", args)[:1]
        if not 0 < taken < len(args) or like_gradients(first):
            return
        if self._begins(target):
            self.end()
        node = self._forward(target, "forward", args[:taken], {})
        try:
            with quietly(type(target)):
                result = duplicate(target, {}).forward(*filled(node.template, node.leaves)[0])
        except Exception:  # it makes none, then
            self.pending[id(target)].pop()
            return
        self._gave(node, result)
        self.roots.append(node)

    def _loss(self, target: Any, method: str, result: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """A layer's own loss was asked for, after its forward."""
        if self.pending[id(target)] and isinstance(result, float | np.floating) and np.ndim(result) == 0:
            before = self.pending[id(target)][-1]
            known = {id(part): Ref(steps) for part, steps in walk(before.result, ()) if not simple(part)}

            def part(x: Any) -> Any:
                copied = np.array(x, subok=True) if isinstance(x, np.ndarray) else x
                return known.get(id(x), copied)

            before.scalar = method, rebuilt((args, kwargs), part), float(result)

    def _backward(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Seen:
        path = self._path(target)
        node = Seen("backward", path, path.rpartition(".")[2], target, method="backward")
        calls = self.pending[id(target)]
        if not calls:
            node.why = "no forward was seen before it"
            return node
        node.partner = before = calls.pop()
        before.had_backward = True
        node.copy = duplicate(target, node.memo, self._kept)
        node.again = duplicate((args, kwargs), node.memo, self._kept)
        node.live = args, kwargs
        for array, _ in before.held_copies:
            if id(array) not in node.memo:
                node.late[id(array)] = self._kept(array)
        return node

    # The end of an iteration.

    def end(self) -> None:
        """An iteration is over."""
        roots = [node for node in self.roots if used(node)]
        with quietly(*{type(layer) for layer, _ in self._known.values()}):
            self._settle()
            found = self._traced(roots) if any(node.phase == "backward" for node in roots) else None
        # Ctrl-C may come from here on: what is over is not to be told of a second time.
        self.latest, self.roots, self.turned = self.roots, [], False
        self.pending.clear()
        self._ended.clear()
        self._kept.forget()
        if found is not None:
            self.iteration += 1
            self.over(*found)

    def _settle(self) -> None:
        """Find out what was given to whom, and what came of it: of backwards, in the order in which they ended."""
        for node in everything(self.roots):
            if node.phase == "forward":
                named(node)
        for node in everything(self.roots):
            if node.phase == "backward" and isinstance(node.partner, Seen):
                node.mutated = changed(node, node.partner)
                told_apart(node, node.partner)
        for node in self._ended:
            if isinstance(node.partner, Seen):
                settle(node, node.partner, self._pairs, self.unclear)
                node.leftover = self._leftovers.added_to(node, self.iteration)
                node.copy = node.again = node.after = node.live = None

    def _traced(self, roots: list[Seen]) -> tuple[Trace, dict[str, Array]]:
        """The iteration's trace, and what parameters were at its start."""
        whole = Seen("forward", "", "")
        whole.children = [node for node in roots if node.phase == "forward"]
        number_time_steps(whole)
        for node in reversed(list(everything(roots))):  # inner ones first
            if node.phase == "backward" and isinstance(node.partner, Seen):
                node.call = call_of(node, node.partner)
        update, state = updates(roots, self.owned)
        values = [float(n.tensors["value"]) for n in roots if n.phase == "loss"][-1:]
        values += [n.scalar[2] for n in everything(roots) if isinstance(n, Seen) and n.scalar is not None]
        values += [
            float(np.real(n.given[0][1]))
            for n in everything(roots)
            if n.phase == "forward" and len(n.given) == 1 and n.given[0][1].ndim == 0
        ]
        events = flatten([*roots, update] if update.children else list(roots), self.iteration)
        self._note(events)
        return Trace(self.iteration, values[0] if values else float("nan"), tuple(events)), state


def name_of(target: Any) -> str:
    """What a user calls it: a class's name, or that of a pair of functions."""
    return target.name if isinstance(target, Pair) else type(target).__name__


def updates(roots: list[Seen], owned: dict[str, tuple[Any, Place]]) -> tuple[Node, dict[str, Array]]:
    """How parameters changed in the iteration, and what they were at its start, by path.

    `owned` learns where they are.
    """
    update, state = Node("update", "", "update"), {}
    for node in everything(roots):
        if node.phase != "backward" or not isinstance(node.partner, Seen):
            continue
        for p in node.owned:
            path = f"{node.path}.{p.name}" if node.path else p.name
            old, new = get(node.partner.twin, p.place), get(node.layer, p.place)
            if path in state or not isinstance(new, np.ndarray) or new.shape != old.shape:
                continue
            old, new = np.asarray(old), np.asarray(new)
            state[path], owned[path] = old, (node.layer, p.place)
            update.children.append(update_of(node.path, p.name, old, np.array(new), node.contributions))
    return update, state


def used(node: Seen) -> bool:
    """Whether a root counts: a loss, a backward, or a forward of which something had one."""
    return node.phase in ("loss", "backward") or any(n.had_backward for n in everything([node]))
