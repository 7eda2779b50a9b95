"""Tracer: what a watch reports of one iteration, as a tree of events."""

from __future__ import annotations

import copy
import inspect
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mtorch.debug.events import Address, Call, Event, Trace
from mtorch.debug.naming import arrays_of, arrays_of_arguments, input_gradients, numbered
from mtorch.debug.twins import ready, twin
from mtorch.debug.watching import Watch
from mtorch.equations import equations
from mtorch.layers.base import Array, Layer
from mtorch.naming import paths
from mtorch.training import Training


@dataclass
class Node:
    """An event while it is being recorded."""

    phase: str
    path: str
    label: str
    layer: Any = None
    t: int | None = None
    tensors: dict[str, Array] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    partner: Node | None = None
    twin: Any = None
    inputs: tuple[Array, ...] = ()
    spread: bool = False
    call: Call | None = None
    held: list[tuple[str, Array, int]] = field(default_factory=list)
    mutated: tuple[str, ...] = ()
    why: str = ""


def trace(training: Training, iteration: int) -> Trace:
    """Run one iteration of a training under the watch. The training is one iteration further afterwards."""
    tracer = Tracer(training)
    with Watch(tracer.targets(), tracer):
        loss = training.step(iteration)
    return Trace(iteration, loss.per_element, tuple(flatten(tracer.roots, iteration)), tracer.accumulated)


class LossLayer(Layer):
    """A loss with its targets, as a layer whose input are the network's outputs."""

    def __init__(self, loss: Any, rest: tuple[Any, ...], options: dict[str, Any]) -> None:
        super().__init__()
        # A copy of the loss would bring a copy of the whole network along.
        self.loss = copy.copy(loss)
        self.loss.backward_func = None
        self.rest, self.options = copy.deepcopy((rest, options))

    def forward(self, x: Any) -> Any:
        return np.asarray(self.loss(x, *self.rest, **self.options).value)


class Tracer:
    """Listens to a watch. Every array is copied, so that nothing that happens later can change the past."""

    def __init__(self, training: Training) -> None:
        self.training = training
        self.layers = paths(training.model.sequential)
        self.path_of = {id(layer): path for path, layer in self.layers}
        self.roots: list[Node] = []
        self.stack: list[Node] = []
        self.pending: defaultdict[int, list[Node]] = defaultdict(list)
        self.before: list[tuple[dict[str, Array], dict[str, Array]]] = []
        self.start: dict[tuple[str, str], Array] = {}
        self.accumulated: dict[tuple[str, str], tuple[Array | None, Array | None]] = {}

    def targets(self) -> list[tuple[Any, tuple[str, ...]]]:
        layers = [(layer, ("forward", "backward")) for _, layer in self.layers]
        return [*layers, (self.training.loss, ("__call__",)), (self.training.optimizer, ("step",))]

    def enter(self, target: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if kwargs and method in ("forward", "backward"):
            args = tuple(inspect.signature(getattr(target, method)).bind(*args, **kwargs).arguments.values())
        if method == "forward":
            self._open(self._forward(target, args))
        elif method == "backward":
            if not self.stack:
                self.start = self._gradients()
            self._open(self._backward(target, args))
        elif method == "step":
            self.before = [(kept(layer.parameters), kept(layer.gradients)) for _, layer in self.layers]
        else:
            node = Node("loss", "", "loss", target)
            node.tensors = {"output": np.array(args[0]), "target": np.array(args[1])}
            node.twin = LossLayer(target, args[1:], kwargs)
            self._open(node)

    def leave(self, target: Any, method: str, result: Any) -> None:
        if method == "step":
            self._update()
            return
        node = self.stack.pop()
        if method == "forward":
            outputs = arrays_of(result)
            node.tensors.update(zip(numbered("output", len(outputs)), outputs, strict=True))
            number_time_steps(node)
            node.held = holds(target) if target.training else []
        elif method == "backward":
            self._end_backward(node, result)
            if not self.stack:
                self._accumulate()
        else:
            self._end_loss(node, result)

    def _open(self, node: Node) -> None:
        (self.stack[-1].children if self.stack else self.roots).append(node)
        self.stack.append(node)

    def _forward(self, layer: Any, args: tuple[Any, ...]) -> Node:
        path = self.path_of[id(layer)]
        node = Node("forward", path, path.rpartition(".")[2] or "forward", layer)
        node.twin = twin(layer)
        node.inputs, node.spread = arrays_of_arguments(args)
        names = layer.input_names if len(layer.input_names) == len(node.inputs) else numbered("input", len(node.inputs))
        node.tensors = {**dict(zip(names, node.inputs, strict=True)), **kept(layer.parameters)}
        if layer.training:
            self.pending[id(layer)].append(node)
        return node

    def _backward(self, layer: Any, args: tuple[Any, ...]) -> Node:
        path = self.path_of[id(layer)]
        node = Node("backward", path, path.rpartition(".")[2] or "backward", layer)
        if self.pending[id(layer)]:
            node.partner = self.pending[id(layer)].pop()
            node.mutated = changed(node.partner.held)
        grads, _ = arrays_of_arguments(args)
        node.tensors = dict(zip(numbered("grad_output", len(grads)), grads, strict=True))
        # The call's own contribution is what a copy with its gradients at zero ends up with: it makes
        # no difference then whether backward adds to the gradients or replaces them.
        node.twin = ready(layer) if layer.parameters and len(grads) == 1 else None
        return node

    def _end_backward(self, node: Node, result: Any) -> None:
        results = input_gradients(node.layer, result)
        node.tensors.update(dict(results.values()))
        contributions = {}
        if node.twin is not None:
            zero_gradients(node.twin)
            node.twin.backward(np.array(node.tensors["grad_output"]))  # which a backward may change
            contributions = kept(node.twin.gradients)
            node.tensors.update({f"grad_{name}": gradient for name, gradient in contributions.items()})
        if node.partner is None or "grad_output" not in node.tensors:
            return
        gradients = {**contributions, **{slot: gradient for slot, (_, gradient) in results.items()}}
        names = {name: f"grad_{name}" for name in contributions} | {slot: name for slot, (name, _) in results.items()}
        inside = tuple(self.path_of[id(inner)] for _, inner in paths(node.layer))
        before = node.partner
        grad_output = node.tensors["grad_output"]
        node.call = Call(before.twin, before.inputs, grad_output, gradients, names, inside, before.spread)

    def _end_loss(self, node: Node, result: Any) -> None:
        gradient = np.array(result.grad_output)
        node.tensors |= {"value": np.array(result.value), "grad_output": gradient}
        output = node.tensors["output"]
        node.call = Call(node.twin, (output,), np.array(1.0), {"#0": gradient}, {"#0": "grad_output"}, ("loss",))

    def _gradients(self) -> dict[tuple[str, str], Array]:
        return {
            (path, name): np.array(layer.gradients[name])
            for path, layer in self.layers
            for name in layer.parameters
            if name in layer.gradients
        }

    def _accumulate(self) -> None:
        """A whole backward pass is over; of several in an iteration, the first one's start is the start."""
        after = self._gradients()
        for path, layer in self.layers:
            for name in layer.parameters:
                key = (path, name)
                start = self.accumulated[key][0] if key in self.accumulated else self.start.get(key)
                self.accumulated[key] = (start, after.get(key))

    def _update(self) -> None:
        update = Node("update", "", "update")
        for (path, layer), (before, gradients) in zip(self.layers, self.before, strict=True):
            for name, old in before.items():
                update.children.append(update_of(path, name, old, np.array(layer.parameters[name]), gradients))
        self.roots.append(update)


def update_of(path: str, name: str, old: Array, new: Array, gradients: Mapping[str, Array]) -> Node:
    """The update of a parameter of the layer at a path; `gradients` are the layer's, by name."""
    whole = f"{path}.{name}" if path else name
    node = Node("update", whole, whole)
    reached = {"gradient": gradients[name]} if name in gradients else {}
    node.tensors = {f"{name} before": old, **reached, "delta": new - old, f"{name} after": new}
    return node


def kept(arrays: dict[str, Array]) -> dict[str, Array]:
    return {name: np.array(array) for name, array in arrays.items()}


def zero_gradients(layer: Any) -> None:
    layer.gradients = {name: np.zeros_like(p) for name, p in layer.parameters.items()}


def holds(layer: Any) -> list[tuple[str, Array, int]]:
    """The arrays that a layer has saved, in the last of `saved` or in attributes of its own, with their checksums."""
    own = {name: value for name, value in vars(layer).items() if isinstance(value, np.ndarray)}
    last = layer.saved[-1] if layer.saved else ()
    parts = last if isinstance(last, tuple) else (last,)
    saved = [("saved", part) for part in parts if isinstance(part, np.ndarray)]
    return [(name, array, checksum(array)) for name, array in (*saved, *own.items())]


def changed(held: list[tuple[str, Array, int]]) -> tuple[str, ...]:
    """The names of those whose numbers are others by now, in the same array."""
    return tuple(dict.fromkeys(name for name, array, before in held if checksum(array) != before))


def checksum(array: Array) -> int:
    return zlib.crc32(array.tobytes()) if array.dtype.kind != "O" else 0


def number_time_steps(node: Node) -> None:
    """A layer called several times within one call of its parent gives time steps: t is the call's number."""
    calls = Counter(id(child.layer) for child in node.children)
    seen: Counter[int] = Counter()
    for child in node.children:
        if calls[id(child.layer)] > 1:
            child.t = seen[id(child.layer)]
            seen[id(child.layer)] += 1


def flatten(roots: list[Node], iteration: int) -> list[Event]:
    """Nodes as numbered events; neighbours of one time step lie under an event of their own."""
    events: list[Event | None] = []

    def put(node: Node, depth: int, parent: int | None, t: int | None) -> None:
        own = node.partner.t if node.partner is not None else node.t
        t = t if own is None else own
        index = len(events)
        events.append(None)
        for child in grouped(node, t):
            put(child, depth + 1, index, t)
        address = Address(iteration, node.phase, node.path, t)
        events[index] = Event(
            index,
            address,
            node.label,
            depth,
            parent,
            len(events),
            node.tensors,
            node.call,
            equations_of(node),
            node.mutated,
            node.why if node.call is None else "",
        )

    for root in roots:
        put(root, 0, None, None)
    return [event for event in events if event is not None]


def equations_of(node: Node) -> tuple[str, ...]:
    """Those of the phase; a loss, which has both in one event, has all."""
    found = equations(node.layer) if node.layer is not None else None
    if found is None:
        return ()
    parts = {"forward": found.forward, "backward": found.backward}
    return parts.get(node.phase, found.forward + found.backward)


def grouped(node: Node, t: int | None) -> list[Node]:
    groups: list[Node] = []
    for child in node.children:
        step = child.partner.t if child.partner is not None else child.t
        if step is None or step == t:
            groups.append(child)
            continue
        if not groups or groups[-1].layer is not None or groups[-1].t != step:
            groups.append(Node(node.phase, node.path, f"t={step}", t=step))
        groups[-1].children.append(child)
        groups[-1].tensors.update({f"{child.label}.{name}": tensor for name, tensor in child.tensors.items()})
    return groups
