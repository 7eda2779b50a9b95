"""Labels: what the rows and columns of a tensor are called, from the names that a run has for units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtorch.debug.events import Event
from mtorch.layers.base import Array

Names = Mapping[str, Sequence[str]]
PARAMETERS = ("weight", "bias")
"""(in_dim, out_dim) and (out_dim,)."""


def labels(event: Event, tensor: str, array: Array, names: Names) -> tuple[Sequence[str], ...]:
    """The names of the indices of each axis, () for one without names; () for none at all. `names` is Training's.

    What a layer gives out are the last axis of its output, its bias, and the columns of its weight; what goes in, the
    last axis of its input, and the rows of its weight; so are gradients and updates.
    """
    path, own = layer_of(event, tensor)
    given, taken = (names.get(f"{path}.{side}" if path else side, ()) for side in ("output", "input"))
    bare = own.removeprefix("grad_")
    if not taken and not any(name.endswith("weight") for name in event.tensors):
        taken = given  # of an activation
    axes: list[Sequence[str]] = [()] * array.ndim
    if not axes:
        return ()
    if bare in ("output", *PARAMETERS):
        axes[-1] = given
    elif bare in ("input", "x") and array.dtype.kind == "f":
        axes[-1] = taken
    if bare == "weight" and array.ndim == 2:
        axes[0] = taken
    fitting = tuple(ns if len(ns) == length else () for ns, length in zip(axes, array.shape, strict=True))
    return fitting if any(fitting) else ()


def layer_of(event: Event, tensor: str) -> tuple[str, str]:
    """The path of the layer that a tensor belongs to, and what it is there: one of an update is its parameter's."""
    path = event.address.path
    if event.address.phase == "update":
        layer, _, parameter = path.rpartition(".")
        return layer, parameter
    inner, _, name = tensor.rpartition(".")  # a time step has the tensors of what is inside
    return ".".join(filter(None, (path, inner))), name
