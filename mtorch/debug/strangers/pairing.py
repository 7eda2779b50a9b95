"""Pairing: which array is the gradient of which parameter, by names and shapes. What is ambiguous is not guessed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from mtorch.debug.strangers.places import Place, text
from mtorch.layers.base import Array

SAME = {"weight": "w", "weights": "w", "kernel": "w", "bias": "b", "biases": "b"}
"""Names that people use for one another."""
ABOUT = {"grad", "grads", "gradient", "gradients", "deriv", "dparams", "dparam", "dweights"}
"""Words that say that something is a gradient."""
HOLDERS = {"param", "params", "parameters", "data", "value", "values", "val"}
"""Words for what parameters are in, which say nothing of which one it is."""


ELSE = {"delta", "deltas", "error", "errors", "err", "diff", "data", "dist", "denom", "gate", "gates", "gain"}
"""Words that begin as gradients' names do, or are said of gradients of what is no parameter."""


class Pairs(NamedTuple):
    """The gradient's place by the parameter's; and of gradients that have none, or several, what was found."""

    found: dict[Place, Place]
    unclear: list[str]


def words(place: Place) -> list[str]:
    """The words that a place's names are made of, in lower case."""
    names = [str(key) for _, key in place]
    return [word for name in names for word in re.split(r"_+", name.lower()) if word]


def key(place: Place) -> tuple[str, ...]:
    """What a parameter is called, without words for what it is in."""
    said = words(place)
    bare = [word for word in said if word not in HOLDERS] or said
    return tuple(SAME.get(word, word) for word in bare)


def about_gradients(place: Place) -> bool:
    """Whether its names say outright that gradients are there."""
    return any(word in ABOUT for word in words(place))


def gradient_keys(place: Place) -> set[tuple[str, ...]]:
    """What the parameter of a gradient at that place may be called; nothing where it isn't called a gradient's."""
    said = [word for word in words(place) if word not in HOLDERS]
    rest = [word for word in said if word not in ABOUT]
    found = {tuple(SAME.get(word, word) for word in rest)} if len(rest) < len(said) else set()
    if not rest and len(said) == 1 and said[0] in ("dweights", "dparams", "dparam"):
        rest = said  # an attribute's own name, and no dict that others are in
    if len(rest) > 1 and rest[0] in ("dl", "dj", "de", "dloss", "dcost"):  # dL_dW, dLoss_dW
        found |= gradient_keys((("attr", "_".join(rest[1:])),))
    for number, word in enumerate(rest):  # dW, gW, d_w, dL_dW
        if word in ("d", "g", "dl", "dj") and len(rest) > 1:
            found.add(tuple(SAME.get(word, word) for word in (*rest[:number], *rest[number + 1 :])))
            continue
        bare = word.removeprefix("grad") if word.startswith("grad") else word[1:] if word[0] in "dg" else ""
        if bare:
            changed = [*rest[:number], bare, *rest[number + 1 :]]
            found.add(tuple(SAME.get(word, word) for word in changed))
    return found


def paired(
    parameters: Mapping[Place, Array], gradients: Mapping[Place, Array], updated: Collection[Place] = ()
) -> Pairs:
    """Of each gradient the parameter that it is called after, else the only one of its shape that has no other.

    Not by shape alone where the parameter is one of those that backward has `updated` itself.
    """
    found: dict[Place, Place] = {}
    unclear, left = [], []
    for place, gradient in gradients.items():
        keys = gradient_keys(place)
        if not keys:
            continue
        named = [p for p in parameters if key(p) in keys]
        named = named or [p for p in parameters if any(set(k) <= set(key(p)) for k in keys)]  # grads['f'] of W['f']
        fitting = [p for p in named if parameters[p].shape == gradient.shape] or named
        if len({id(parameters[p]) for p in fitting}) == 1:
            found.setdefault(fitting[0], place)
        elif fitting:
            unclear.append(f"{text(place)} may be the gradient of {' or '.join(map(text, fitting))}")
        else:
            left.append(place)
    taken = {id(parameters[p]) for p in found}
    for place in left:
        shape = gradients[place].shape
        free = [p for p in parameters if p not in updated and id(parameters[p]) not in taken]
        alike = [p for p in free if parameters[p].shape == shape and not set(words(place)) & ELSE]
        rivals = [other for other in left if gradients[other].shape == shape]
        if len({id(parameters[p]) for p in alike}) == 1 and len(rivals) == 1 and shape:
            found[alike[0]] = place
        elif alike:
            unclear.append(f"{text(place)} may be the gradient of {' or '.join(map(text, alike))}")
    return Pairs(found, unclear)


def by_shapes(parameters: Mapping[Place, Array], returned: Mapping[Place, Array]) -> dict[Place, Place]:
    """Of parameters, the place of the gradient in what was returned: lists by all their shapes, others by their own."""
    found: dict[Place, Place] = {}
    lists, answers = in_lists(parameters), in_lists(returned)
    for places in answers.values():
        shapes = [returned[p].shape for p in places]
        fitting = [own for own in lists.values() if [parameters[p].shape for p in own] == shapes]
        others = [other for other in answers.values() if [returned[p].shape for p in other] == shapes]
        if len(fitting) == 1 and len(others) == 1:
            found.update(zip(fitting[0], places, strict=True))
    free = {p: array for p, array in returned.items() if p not in found.values()}
    for place, array in parameters.items():
        alike = [p for p, other in free.items() if other.shape == array.shape]
        rivals = [p for p, other in parameters.items() if other.shape == array.shape and p not in found]
        if place not in found and array.ndim and len(alike) == 1 and len({id(parameters[p]) for p in rivals}) == 1:
            found[place] = alike[0]
            del free[alike[0]]
    return found


def in_lists(arrays: Mapping[Place, Array]) -> dict[Place, list[Place]]:
    """The places that are items of lists, by the lists' own places."""
    found: dict[Place, list[Place]] = {}
    for place in arrays:
        if len(place) > 1 and place[-1][0] == "item" and isinstance(place[-1][1], int):
            found.setdefault(place[:-1], []).append(place)
    return found


def names_of(places: list[Place]) -> dict[Place, str]:
    """A short name for each parameter: its last word where that is enough to tell them apart, else its whole place."""
    short = {}
    for place in places:
        names = (str(key) for _, key in reversed(place) if isinstance(key, str) and key not in HOLDERS)
        short[place] = next(names, text(place))
    counts = list(short.values())
    return {place: name if counts.count(name) == 1 else text(place) for place, name in short.items()}
