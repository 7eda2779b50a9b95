"""Observer: what a stranger's layers are called with, iteration by iteration, as traces that can be checked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from mtorch.debug.events import Call, Trace
from mtorch.debug.strangers.arguments import (
    argument_names,
    fitting,
    is_gradient,
    named_leaves,
    parts_of,
    simple,
    walk,
)
from mtorch.debug.strangers.chance import Chance
from mtorch.debug.strangers.copies import duplicate
from mtorch.debug.strangers.guessing import agrees, guessed, losses, rated
from mtorch.debug.strangers.leaves import Hole, emptied, end_to_end, filled, given_arrays, numbers, rebuilt
from mtorch.debug.strangers.leavings import input_gradients, output_of
from mtorch.debug.strangers.mending import repaired
from mtorch.debug.strangers.owning import found_by, is_any, keys, within
from mtorch.debug.strangers.pairs import Pair
from mtorch.debug.strangers.places import Place, arrays_in, get, put, text
from mtorch.debug.strangers.quiet import quietly
from mtorch.debug.strangers.seen import Seen, arrays_of, everything
from mtorch.debug.strangers.stranger import Backward, Forward, Parameter, Ref, Stranger
from mtorch.debug.strangers.valued import loss_event
from mtorch.debug.strangers.wiring import Leftovers
from mtorch.debug.tracer import Node, checksum, flatten, number_time_steps, update_of
from mtorch.layers.base import Array
from mtorch.naming import label

TARGETS = {"y", "t", "y_true", "target", "targets", "label", "labels", "true", "truth", "expected", "actual", "ytrue"}
"""What people call the argument of a backward that is no gradient."""
ELSE = ("desired", "data", "goal", "gold", "ground", "gt", "given", "digits")
"""What begins as gradients' names do, and is none."""
MOST_TURNS = 10
"""So many passes back and forth may come before the first forward of the class that begins iterations."""
LOSSES = ("loss", "compute_loss", "cost", "get_loss")
"""Methods of a layer whose backward is the derivative of theirs, where it is handed no gradient."""
DOUBLE, SINGLE = (1e-5, 1e-4), (1e-3, 1e-2)
"""How far off a stranger's gradient may be, and the least size that it counts as having: there is no double precision
to run a float32 program in, and an epsilon within a logarithm is none of the gradient's business.
"""


class Observer:
    """Listens to a watch. `over` is handed each iteration's trace when the next begins, or at `end`.

    An iteration begins with a forward call that is made from outside all layers, after a backward; or, with
    `begins`, with a forward of the class of that name. `unclear` says what was too ambiguous to be checked, `broken`
    where observing failed and was given up.
    """

    def __init__(self, over: Callable[[Trace, dict[str, Array]], None], begins: str = "") -> None:
        self.over, self.begins = over, begins
        self.iteration = 0
        self.unclear: list[str] = []
        self.broken = ""
        self.finished = False
        self.roots: list[Seen] = []
        self.latest: list[Seen] = []
        """The calls of the iteration that is over, those without a backward, too."""
        self.stack: list[Seen] = []
        self.pending: defaultdict[int, list[Seen]] = defaultdict(list)
        self.turned = False
        self._asked: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        self._known: dict[int, tuple[Any, str]] = {}
        self._taken: defaultdict[str, list[str]] = defaultdict(list)
        self._pairs: dict[int, tuple[Parameter, ...]] = {}
        self._outputs: dict[int, Place] = {}
        self._leftovers = Leftovers()
        self._began, self._turns = False, 0
        self.lost: Callable[[], None] = lambda: None
        """Is called where the class that is to begin iterations has not been called in so many of them."""

    # What the watch reports.

    def enter(self, target: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if method == "backward":
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
        node.result, node.given = result, numbers(result)
        if method != "backward" and result is None:
            self._left(node)
        if method == "backward":
            self._end_backward(node)
            self.turned = self.turned or not self.stack
        else:
            names = {"": "output"} if len(node.given) == 1 else {}
            node.given = [(names.get(name, f"output{name}"), array) for name, array in node.given]
            node.tensors.update(dict(node.given))
            number_time_steps(node)
            node.held = [(text(p), array, checksum(array)) for p, array in arrays_of(node.layer, node).items()]

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
            self.stack.pop()

    def _left(self, node: Seen) -> None:
        """A forward returned nothing: its output is what it left in an attribute, the same each time."""
        place = self._outputs.get(id(node.layer)) or output_of(node)
        if place is not None:
            self._outputs[id(node.layer)] = node.left[""] = place
            node.result = get(node.layer, place)
            node.given = numbers(node.result)

    def _begins(self, target: Any) -> bool:
        if self.begins:
            named = name_of(target) == self.begins and not self.stack
            self._began = self._began or named
            self._turns += self.turned and not self.stack and not self._began
            self.turned = self.turned and bool(self.stack)
            if self._turns > MOST_TURNS:
                self.lost()
            return named and bool(self.roots)
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
        memo: dict[int, Any] = {}
        node.twin, node.copy = duplicate(target, memo), memo
        node.template, node.leaves = emptied((args, kwargs))
        node.ids, node.arguments = identities((args, kwargs)), (args, kwargs)
        node.names = node.called = named_leaves(target, method, args, kwargs)
        if len(node.names) == 1:
            node.names = ["input"]
        node.tensors = dict(zip(node.names, node.leaves, strict=True))
        self.pending[id(target)].append(node)
        return node

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
        node.mutated = tuple(dict.fromkeys(n for n, array, old in before.held if checksum(array) != old))
        node.copy = duplicate(target, node.memo)
        node.again = duplicate((args, kwargs), dict(node.memo))
        node.ids = identities((args, kwargs))
        node.template = self._gradients_of(node, before, args, kwargs)
        names = ("grad_output",) if len(node.grads) == 1 else tuple(f"grad_output[{i}]" for i in range(len(node.grads)))
        node.tensors = dict(zip(names, node.grads, strict=True))
        return node

    def _gradients_of(self, node: Seen, before: Seen, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The backward's arguments with a hole for each gradient, and a Ref for what its forward returned."""
        known = {id(array): Ref((), place) for place, array in arrays_in(node.layer).items()}
        known |= {key: Ref((), (), leaf) for key, leaf in before.ids.items() if leaf is not None}
        known |= {id(part): Ref(steps) for part, steps in walk(before.result, ()) if steps or not simple(part)}
        names = argument_names(node.layer, "backward", args, kwargs)
        called = [n for n in names if n.lower() not in TARGETS and not n.lower().startswith(ELSE)]
        wanted = [n for n in called if n.lower().startswith(("d", "g", "err", "up")) or "grad" in n.lower()]
        node.doubtful = not wanted
        likely = set(wanted or [n for n in names[:1] if n.lower() not in TARGETS])

        scalar = len(before.given) == 1 and before.given[0][1].ndim == 0

        def part(value: Any, likely: bool) -> Any:
            if likely and is_gradient(value, scalar) and id(value) not in before.ids:
                node.grads.append(np.array(value, dtype=np.result_type(value, np.float32)))
                return Hole(len(node.grads) - 1, type(value))
            return np.array(value, subok=True) if isinstance(value, np.ndarray) else value

        def whole(value: Any, likely: bool) -> Any:
            if value is before.result and likely and wanted and is_gradient(value, scalar):
                return part(value, likely)  # half the squared output's gradient is the output
            if id(value) in known and not simple(value):
                return known[id(value)]
            if isinstance(value, list | tuple):
                made = [whole(inner, likely) for inner in value]
                return made if isinstance(value, list) else tuple(made)
            if isinstance(value, dict):
                return {key: whole(inner, likely) for key, inner in value.items()}
            return part(value, likely)

        made = [whole(value, name in likely) for name, value in zip(names, args, strict=False)]
        return tuple(made), {key: whole(value, key in likely) for key, value in kwargs.items()}

    # The end of a backward: which gradients came of it.

    def _end_backward(self, node: Seen) -> None:
        before, target = node.partner, node.layer
        if not isinstance(before, Seen):
            return
        node.owned = found_by(self._pairs, self.unclear, node, before)
        taken = {p.name for p in node.owned}
        node.owned += tuple(p for p in within(node) if p.name not in taken)
        node.updated = {p.name: np.array(get(target, p.place)) for p in node.owned if p.lr is not None}
        own = {p.name: p for p in node.owned}
        if not node.given:
            node.left = input_gradients(node, before)
            node.given = [(name, np.array(get(target, place))) for name, place in node.left.items()]
        for name, array in node.given:
            node.tensors[f"returned{name}"] = array
        stale = {p.name: p.gradient for p in node.owned if p.gradient is not None}
        before_it = {name: get(node.copy, place) for name, place in stale.items()}
        if any(map(is_any, before_it.values())):
            try:
                for place in stale.values():
                    if isinstance(get(node.copy, place), np.ndarray):
                        put(node.copy, place, np.zeros_like(get(node.copy, place)))
                with quietly(type(target)):
                    node.copy.backward(*node.again[0], **node.again[1])
                source = node.copy
            except Exception:  # a copy may not stand on its own
                source = None
        else:
            source = target
        if source is not None:
            for name, place in stale.items():
                array = get(source, place)
                if isinstance(array, np.ndarray):
                    node.contributions[name] = np.array(array)
        for name, p in own.items():
            if p.lr is not None:
                node.contributions[name] = np.asarray(get(before.twin, p.place) - get(target, p.place)) / p.lr
        node.tensors.update({f"grad_{name}": array for name, array in node.contributions.items()})
        node.leftover = self._leftovers.added_to(node, before_it, self.iteration)
        node.copy = node.again = None
        node.memo = {}

    # The end of an iteration.

    def end(self) -> None:
        """An iteration is over."""
        # Ctrl-C may come from here on: what is over is not to be told of a second time.
        self.latest, self.roots, self.turned = self.roots, [], False
        self.pending.clear()
        roots = [node for node in self.latest if used(node)]
        if any(node.phase == "backward" for node in roots):
            whole = Seen("forward", "", "")
            whole.children = [node for node in roots if node.phase == "forward"]
            number_time_steps(whole)
            for node in reversed(list(everything(roots))):  # inner ones first
                if node.phase == "backward" and isinstance(node.partner, Seen):
                    node.call = self._call(node, node.partner)
            update, state = self._update(roots)
            values = [float(n.tensors["value"]) for n in roots if n.phase == "loss"][-1:]
            values += [n.scalar[2] for n in everything(roots) if isinstance(n, Seen) and n.scalar is not None]
            values += [
                float(np.real(n.given[0][1]))
                for n in everything(roots)
                if n.phase == "forward" and len(n.given) == 1 and n.given[0][1].ndim == 0
            ]
            events = flatten([*roots, update] if update.children else list(roots), self.iteration)
            self.iteration += 1
            self.over(Trace(self.iteration - 1, values[0] if values else float("nan"), tuple(events)), state)

    def _call(self, node: Seen, before: Seen) -> Call | None:
        call = self._built(node, before)
        if not node.doubtful or not node.grads:
            return call
        with quietly(type(node.layer)):
            if call is not None and any(agrees(call, slot) for slot in call.slots):
                return call
        template, grads = node.template, node.grads
        node.template, node.grads = filled(template, grads), []
        other = self._built(node, before, ("sum",))  # which a backward that ignores what it is handed may seem to be of
        if other is None:
            node.template, node.grads = template, grads
        return other or call

    def _built(self, node: Seen, before: Seen, without: tuple[str, ...] = ()) -> Call | None:
        """What a check needs of a backward call; None, with the reason in `why`, where it can't be checked."""
        outputs = [array for _, array in before.given]
        loss, unknown = None, False
        if node.grads:
            chosen = fitting(outputs, node.grads)
            if chosen is None:  # what it was handed is no gradient, then
                node.template, node.grads = filled(node.template, node.grads), []
        if node.grads and chosen is not None:
            shapes = tuple(g.shape for g in node.grads)
            grad_output = end_to_end(node.grads)
        elif len(outputs) == 1 and outputs[0].ndim == 0:
            chosen, shapes, grad_output = (0,), (), np.array(1.0)
        elif before.scalar is not None:
            chosen, shapes, grad_output = (0,), (), np.array(1.0)
            loss = before.scalar[:2]
        else:
            number = next((n for n, y in enumerate(outputs) if y.dtype.kind == "f"), None)
            if number is None:
                node.why = "it is handed no gradient"
                return None
            chosen, shapes, grad_output, unknown = (number,), (), np.array(1.0), True
        slots = self._slots(node, before)
        gradients: dict[str, Array] = dict(node.contributions)
        names = {name: f"grad_{name}" for name in gradients}
        inputs: dict[str, int] = {}
        for (name, array), slot in zip(node.given, slots, strict=True):
            if slot in before.names:
                names[f"#{len(inputs)}"] = f"grad_{slot}"
                gradients[f"#{len(inputs)}"] = array
                inputs[slot] = before.names.index(slot)
                node.tensors.pop(f"returned{name}", None)
                node.tensors[f"grad_{slot}"] = array
            elif slot is not None:
                gradients[slot], names[slot] = array, f"grad_{slot}"
        if not gradients:
            node.why = "no gradient came of it"
            return None
        constants = {n: array for n, array in enumerate(before.leaves) if n not in inputs.values()}
        forward = Forward(before.method, before.template, inputs, constants, chosen, loss, before.left.get(""))
        back = Backward(node.method, node.template, shapes, tuple(slots), tuple(node.left.values()))
        owned = tuple(p for p in node.owned if p.name in gradients)
        assert before.chance is not None
        layer = Stranger(before.twin, forward, back, owned, before.chance, updated=node.updated, repair=repaired)
        for child in everything(node.children):
            if child.call is not None and child.layer is not node.layer:
                copied = before.copy.get(id(child.layer))
                held = layer.outside if copied is None else layer.inner
                held[child.path] = child.layer if copied is None else copied, child.call.layer
        inside = tuple(dict.fromkeys(n.path for n in everything([before])))
        taken = tuple(before.leaves[n] for n in inputs.values())
        single = any(array.dtype.itemsize < 8 for array in gradients.values())
        call = Call(layer, taken, grad_output, gradients, names, inside, True, *(SINGLE if single else DOUBLE))
        if not unknown:
            if not any(p.unknown for p in owned):
                return call
            with quietly(type(node.layer)):
                known = rated(call)
            if known is None and inputs:
                known = only_inputs(call)
            if known is None:
                node.why = "its learning rate is unknown"
            return known
        targets = [np.asarray(x) for x, _ in walk(node.template, ()) if numeric(x)]
        with quietly(type(node.layer)):
            known = guessed(call, [loss for loss in losses(outputs[number or 0], targets) if loss.name not in without])
        if known is None:
            node.why = "it is handed no gradient, and the loss is unknown"
        return known

    def _slots(self, node: Seen, before: Seen) -> list[str | None]:
        """Of each array that backward returned, the input or the parameter that it is the gradient of."""
        free = dict(zip(before.names, before.leaves, strict=True))
        returned = {p.name: p for p in node.owned if p.gradient is None and p.lr is None}
        slots: list[str | None] = []
        if node.left:
            return [*node.left]
        counted = {p.returned: p.name for p in node.owned if p.returned is not None}
        for name in counted.values():
            del returned[name]
        for number, (name, array) in enumerate(node.given):
            if number in counted:
                slots.append(counted[number])
                continue
            word = name.rpartition(".")[2]
            key = next((p for p in returned if (p.lower(),) in keys(word)), None)
            if key is None and not any((p.name.lower(),) in keys(word) for p in node.owned):
                called = [n for n in free if (re.findall(r"\w+", n)[-1].lower(),) in keys(word)]
                alike = [n for n, x in free.items() if x.shape == array.shape]
                key = next(iter(called or alike), None)
            if key is None and len(node.given) == 1 and len(free) == 1:
                key = next(iter(free))  # of the wrong shape, then
            free.pop(key or "", None)
            returned.pop(key or "", None)
            slots.append(key)
        return slots

    def _update(self, roots: list[Seen]) -> tuple[Node, dict[str, Array]]:
        """How parameters changed in the iteration, and what they were at its start, by path."""
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
                state[path] = old
                update.children.append(update_of(node.path, p.name, old, np.array(new), node.contributions))
        return update, state


def only_inputs(call: Call) -> Call:
    """The call with what is known of its gradients: not those of parameters that it updates by an unknown rate."""
    owned = tuple(p for p in call.layer.owned if not p.unknown)
    lost = {p.name for p in call.layer.owned if p.unknown}
    known = {slot: gradient for slot, gradient in call.gradients.items() if slot not in lost}
    return replace(call, layer=replace(call.layer, owned=owned), gradients=known)


def identities(value: Any) -> dict[int, int | None]:
    """What there is in a call's arguments, by id: the numbers of arrays of floats, None for all else."""
    found: dict[int, int | None] = dict.fromkeys(map(id, parts_of(value)))
    return found | {id(array): number for number, array in enumerate(given_arrays(value))}


def name_of(target: Any) -> str:
    """What a user calls it: a class's name, or that of a pair of functions."""
    return target.name if isinstance(target, Pair) else type(target).__name__


def numeric(value: Any) -> bool:
    """Whether it may be targets: an array, or a list of numbers."""
    return isinstance(value, np.ndarray) or (
        isinstance(value, list) and bool(value) and all(isinstance(x, int | float | np.number) for x in value)
    )


def used(node: Seen) -> bool:
    """Whether a root counts: a loss, a backward, or a forward of which something had one."""
    return node.phase in ("loss", "backward") or any(n.had_backward for n in everything([node]))
