"""Names of the layers inside a model, such as rnn.tanh: the same in a state_dict and on the debugger's screen."""

from __future__ import annotations

from itertools import count
from typing import Any


def label(layer: Any) -> str:
    """A layer's own name, or its class's: lower case, without the digit of Linear2."""
    name = getattr(layer, "name", None)
    return name if isinstance(name, str) and name else type(layer).__name__.lower().rstrip("0123456789")


def paths(root: Any) -> list[tuple[str, Any]]:
    """(path, layer) of the root ("") and all within it; siblings of one name are numbered from 1."""
    found: list[tuple[str, Any]] = []
    seen: set[int] = set()

    def walk(layer: Any, path: str) -> None:
        found.append((path, layer))
        seen.add(id(layer))
        children = list({id(child): child for child in layer.children() if id(child) not in seen}.values())
        if not children:
            return
        names = [label(child) for child in children]
        taken = {name for name in names if names.count(name) == 1}
        for child, name in zip(children, names, strict=True):
            numbers = (f"{name}{n}" for n in count(1))
            own = name if names.count(name) == 1 else next(n for n in numbers if n not in taken)
            taken.add(own)
            if id(child) not in seen:
                walk(child, f"{path}.{own}" if path else own)

    walk(root, "")
    return found
