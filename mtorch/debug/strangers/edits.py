"""Edits: small changes to a function's source that may make a wrong backward right, each with what it mends."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

NUMPY = "__import__('numpy')"
AXES = ("0", "1", "-1", "-2")
Alike = Callable[[str], list[str]]
"""Of what a tensor is called in the source, such as self.z, the names of others of its shape."""


@dataclass(frozen=True)
class Edit:
    """The function with one change; `cause` is what the function as it is does wrong, `words` name the change."""

    cause: str
    words: str
    line: int
    tree: ast.FunctionDef


def edits(tree: ast.FunctionDef, alike: Alike) -> Iterator[Edit]:
    """All edits of a function, those that say most first."""
    nodes, around = list(ast.walk(tree)), places(tree)
    used = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}

    def unused(name: str) -> list[str]:
        return [other for other in alike(name) if other.isidentifier() and other not in used]

    def idle(name: str) -> list[str]:
        """Caches that are never read, whatever the name."""
        read = {said(n) for n in nodes if isinstance(n, ast.Attribute)}
        return [other for other in alike("") if other.startswith("self.") and other not in read]

    ways = (
        (statements, alike),
        (turned, alike),
        (axes, alike),
        (shifted, alike),
        (terms, unused),
        (masked, idle),
        (signs, alike),
        (factors, alike),
    )
    for make, others in (*ways, (exchanged, alike), (terms, alike)):
        for node in nodes:
            for cause, words, new in make(node, others):
                made = replaced(node, new, around)
                if made is not None:
                    yield Edit(cause, words, getattr(node, "lineno", 0), made)


Changes = Iterator[tuple[str, str, "ast.AST | list[ast.stmt]"]]


def statements(node: ast.AST, alike: Alike) -> Changes:
    """= where += belongs and the other way round; an index that occurs several times; what belongs behind a loop."""
    if (
        isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Subscript | ast.Attribute)
    ):
        added = ast.AugAssign(node.targets[0], ast.Add(), node.value)
        yield "missing-accumulation", f"{said(node.targets[0])} += in place of =", added
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        if isinstance(node.target, ast.Subscript):
            each: Any = ast.parse(f"{NUMPY}.add.at({said(node.target.value)}, {NUMPY}.s_[0], {said(node.value)})").body[
                0
            ]
            each.value.args[1].slice = node.target.slice
            words = f"{said(node.target)} += added at every index, and not once at one that occurs several times"
            yield "missing-accumulation", words, each
        yield "double-accumulation", f"{said(node.target)} = in place of +=", ast.Assign([node.target], node.value)
    if isinstance(node, ast.For):
        for number, inner in enumerate(node.body):
            if isinstance(inner, ast.AugAssign) and len(node.body) > 1:
                kept = [part for k, part in enumerate(node.body) if k != number]
                loop = ast.For(node.target, node.iter, kept, node.orelse)
                yield (
                    "double-accumulation",
                    f"{said(inner)} once behind the loop, and not at every turn of it",
                    [loop, inner],
                )


def turned(node: ast.AST, alike: Alike) -> Changes:
    """A transpose that is missing, or too much."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield "transposed", f"{said(node.value)} in place of {said(node)}", node.value
    products = [node.left, node.right] if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult) else []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("dot", "matmul"):
        products = node.args[:2]
    for part in products:
        if not (isinstance(part, ast.Attribute) and part.attr == "T"):
            new = swapped(node, part, ast.Attribute(part, "T", ast.Load()))
            yield "transposed", f"{bracketed(part)}.T in place of {said(part)}", new


def axes(node: ast.AST, alike: Alike) -> Changes:
    """A sum or mean along another axis."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("sum", "mean")):
        return
    words = [word for word in node.keywords if word.arg == "axis"]
    for part in [*node.args, *(word.value for word in words)]:
        for other in AXES if said(part) in AXES else ():
            axis = ast.parse(other, mode="eval").body
            new = swapped(node, part, axis)
            if part not in node.args:
                new = swapped(node, words[0], ast.keyword("axis", axis))
            if other != said(part):
                yield "transposed", f"{said(new)} in place of {said(node)}", new


def shifted(node: ast.AST, alike: Alike) -> Changes:
    """The element before, or the one after."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name | ast.BinOp) and named(node.slice):
        for step in (-1, 1):
            index = moved(node.slice, step)
            new = ast.Subscript(node.value, index, node.ctx)
            yield "wrong-time-index", f"{said(new)} in place of {said(node)}", new


def moved(index: ast.expr, step: int) -> ast.expr:
    """An index and one more, or less: t + 1 and one less are t."""
    if isinstance(index, ast.BinOp) and isinstance(index.right, ast.Constant) and isinstance(index.right.value, int):
        own = index.right.value * {ast.Add: 1, ast.Sub: -1}.get(type(index.op), 0)
        if own:
            return moved(index.left, own + step) if own + step else index.left
    return ast.BinOp(index, ast.Add() if step > 0 else ast.Sub(), ast.Constant(abs(step)))


def exchanged(node: ast.AST, alike: Alike) -> Changes:
    """Another tensor of the same shape."""
    if isinstance(node, ast.Name | ast.Attribute) and isinstance(getattr(node, "ctx", None), ast.Load):
        for other in alike(said(node)):
            yield "wrong-tensor", f"{other} in place of {said(node)}", ast.parse(other, mode="eval").body


def signs(node: ast.AST, alike: Alike) -> Changes:
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        new = copy.copy(node)
        new.op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        yield "wrong-sign", f"{said(new)} in place of {said(node)}", new
    if isinstance(node, ast.Assign | ast.AugAssign) and not isinstance(node.value, ast.Constant | ast.Tuple):
        turned_round = copy.copy(node)
        turned_round.value = ast.UnaryOp(ast.USub(), node.value)
        yield "wrong-sign", f"{said(turned_round)} in place of {said(node)}", turned_round


def terms(node: ast.AST, alike: Alike) -> Changes:
    """A sum that lacks another tensor of its shape."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
        return
    for other in alike(node.targets[0].id):
        new = ast.Assign(node.targets, ast.BinOp(node.value, ast.Add(), ast.parse(other, mode="eval").body))
        yield "missing-term", f"{said(new)}: {other} is not added", new


def masked(node: ast.AST, alike: Alike) -> Changes:
    """What is handed on lacks an activation's slope."""
    if isinstance(node, ast.Call) and len(node.args) == 1 and not isinstance(node.args[0], ast.Constant | ast.Starred):
        for other in alike(""):
            for slope in ("({0} > 0)", "(1 - {0} ** 2)", "({0} * (1 - {0}))"):
                text = f"{bracketed(node.args[0])} * {slope.format(other)}"
                new = swapped(node, node.args[0], ast.parse(text, mode="eval").body)
                yield "missing-term", f"{text} in place of {said(node.args[0])}", new


def factors(node: ast.AST, alike: Alike) -> Changes:
    """A factor or a term too much; a mean where a sum belongs; a slope of another activation."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div | ast.Add | ast.Sub):
        yield "unknown", f"{said(node.left)} in place of {said(node)}", node.left
        if not isinstance(node.op, ast.Div):
            yield "unknown", f"{said(node.right)} in place of {said(node)}", node.right
    if isinstance(node, ast.Attribute) and node.attr in ("mean", "sum"):
        other = {"mean": "sum", "sum": "mean"}[node.attr]
        yield "wrong-scale", f"{other} in place of {node.attr}", ast.Attribute(node.value, other, node.ctx)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and said(node.left) == "1":
        right = node.right
        of = right.left if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Pow | ast.Mult) else right
        for formula in ("1 - {0} ** 2", "{0} * (1 - {0})", "1 - {0}"):
            text = formula.format(bracketed(of))
            new = ast.parse(text, mode="eval").body
            if said(new) != said(node):
                yield "wrong-tensor", f"{said(new)} in place of {said(node)}", new


def said(node: ast.AST) -> str:
    """Its source, in one line."""
    return " ".join(ast.unparse(ast.fix_missing_locations(node)).split())


def bracketed(node: ast.AST) -> str:
    plain = isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call)
    return said(node) if plain else f"({said(node)})"


def named(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Name) for part in ast.walk(node)) and not any(
        isinstance(part, ast.Call | ast.Attribute) for part in ast.walk(node)
    )


def swapped(node: ast.AST, old: ast.AST, new: ast.AST) -> ast.AST:
    """A node with another child."""
    made = copy.copy(node)
    for field, value in ast.iter_fields(node):
        if value is old:
            setattr(made, field, new)
        elif isinstance(value, list):
            setattr(made, field, [new if part is old else part for part in value])
    return made


def places(tree: ast.AST) -> dict[int, tuple[ast.AST, str]]:
    """By the ids of nodes, the node that each is in, and in which field."""
    return {
        id(child): (parent, field)
        for parent in ast.walk(tree)
        for field, value in ast.iter_fields(parent)
        for child in (value if isinstance(value, list) else [value])
        if isinstance(child, ast.expr | ast.stmt)
    }


def replaced(
    node: ast.AST, new: ast.AST | list[ast.stmt], around: dict[int, tuple[ast.AST, str]]
) -> ast.FunctionDef | None:
    """The function with another node, or statements, in place of a node; what isn't around it is shared, not copied."""
    several: list[Any] = [copy.copy(part) for part in new] if isinstance(new, list) else [copy.copy(new)]
    for part in several:
        ast.fix_missing_locations(ast.copy_location(part, node))
    old = node
    while id(old) in around:
        parent, field = around[id(old)]
        made, value = copy.copy(parent), getattr(parent, field)
        several_there = isinstance(value, list)
        setattr(
            made,
            field,
            [p for part in value for p in (several if part is old else [part])] if several_there else several[0],
        )
        old, several = parent, [made]
    return several[0] if isinstance(several[0], ast.FunctionDef) else None
