"""Errors that mtorch raises. Each says what was expected, what came, and where."""

from __future__ import annotations

from collections.abc import Iterable

FEW = 12
"""Names that an error lists at most."""


class MtorchError(Exception):
    """Base of every error that a user's call or input can cause: one line, no traceback needed."""


class ShapeError(MtorchError, ValueError):
    """An array of the wrong shape reached a layer.

    `layer` is the layer or its label, `expected` a description such as "(batch, 784)", `got` the shape;
    `where` says at which place in a Sequential the layer stands, such as "layers[2]".
    """

    def __init__(self, layer: object, expected: object, got: object = None, where: str = "") -> None:
        self.layer, self.expected, self.got, self.where = layer, expected, got, where
        label = layer if isinstance(layer, str) else describe(layer)
        place = f" at {where}" if where else ""
        tail = "" if got is None else f", got {got}"
        super().__init__(f"{label}{place} expected {expected}{tail}")


ShapeNotMatchException = ShapeError


class DataError(MtorchError):
    """A data file is missing, cut short, or not what its name says."""


class ScenarioError(MtorchError):
    """A target, a setting or a build function cannot be used."""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """What to say of a name that is none of those known: the nearest one, or all, or, of many, the first."""
    import difflib

    names = list(known)
    near = difflib.get_close_matches(name, names, 1, 0.4)
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    there = f"there are {', '.join(names[:FEW])}{more}" if names else "there is none"
    hint = f"did you mean {near[0]!r}?" if near else there
    return f"no {kind} is called {name!r}; {hint}"


def describe(layer: object) -> str:
    """A layer's class and, where it has one, its name: "Linear 'fc1'"."""
    name = getattr(layer, "name", None)
    return f"{type(layer).__name__} {name!r}" if name else type(layer).__name__
