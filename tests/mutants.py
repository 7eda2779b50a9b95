"""Mutants: every single change of the backward methods of mtorch's own layers, and whether the check finds it.

python -m tests.mutants [LAYER ...]
"""

from __future__ import annotations

import ast
import collections
import copy
import inspect
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np

from mtorch import SGD, Module, Sequential, SquareLoss, Training, layers
from mtorch.debug.session import Session
from mtorch.naming import label
from tests.mtorch.exact import LAYERS

METHODS = ("backward", "time_step_back")
DRAWS = 12
"""Inputs on which a mutant's gradients are compared with the original's: one that changes none on any is set aside."""

TRIED = 4
"""Inputs on which a mutant that changes a gradient there may be found."""

SWAPS: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
}


def changes(tree: ast.AST) -> Iterator[tuple[str, Any]]:
    """Each single change: what it is, and what makes it, given the same node of a copy."""
    for number, node in enumerate(ast.walk(tree)):
        for what, make in changes_of(node):
            yield f"line {getattr(node, 'lineno', 0)}: {what}", (number, make)


def changes_of(node: ast.AST) -> Iterator[tuple[str, Any]]:
    if isinstance(node, ast.BinOp):
        if type(node.op) in SWAPS:
            swapped = SWAPS[type(node.op)]
            yield f"{type(node.op).__name__} -> {swapped.__name__}", lambda n, s=swapped: setattr(n, "op", s())
        if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
            yield "right operand left out", lambda n: replace(n, n.left)
            yield "left operand left out", lambda n: replace(n, n.right)
        if isinstance(node.op, ast.MatMult):
            yield "left factor transposed", lambda n: setattr(n, "left", transposed(n.left))
            yield "right factor transposed", lambda n: setattr(n, "right", transposed(n.right))
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield "other comparison", lambda n: setattr(n, "ops", [SWAPS[type(n.ops[0])]()])
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield "sign left out", lambda n: replace(n, n.operand)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield f"{node.value} -> {node.value + 1}", lambda n: setattr(n, "value", n.value + 1)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield "not transposed", lambda n: replace(n, n.value)
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Tuple):
        yield "negated", lambda n: setattr(n, "value", ast.UnaryOp(ast.USub(), n.value))
        yield "doubled", lambda n: setattr(n, "value", ast.BinOp(ast.Constant(2), ast.Mult(), n.value))
    elif isinstance(node, ast.AugAssign):
        yield "= for +=", lambda n: setattr(n, "plain", True)
    elif isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
        yield "line left out", lambda n: setattr(n, "value", ast.Constant(None))
    elif isinstance(node, ast.keyword) and node.arg not in (None, "keepdims", "axis", "dtype"):
        yield f"{node.arg} negated", lambda n: setattr(n, "value", ast.UnaryOp(ast.USub(), n.value))


def transposed(node: ast.expr) -> ast.expr:
    return ast.Attribute(node, "T", ast.Load())


def replace(node: ast.AST, other: ast.AST) -> None:
    """Make a node another one, in place."""
    node.__class__ = other.__class__
    node.__dict__ = dict(other.__dict__)


class Plain(ast.NodeTransformer):
    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        return ast.Assign([node.target], node.value) if getattr(node, "plain", False) else node


def mutants(kind: type, method: str) -> Iterator[tuple[str, Any]]:
    """Each mutant of a method: what was changed, and the function."""
    function = vars(kind)[method]
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for what, (number, make) in changes(tree.body[0]):
        changed = copy.deepcopy(tree)
        make(list(ast.walk(changed.body[0]))[number])
        changed = ast.fix_missing_locations(Plain().visit(changed))
        space = {**function.__globals__, "__class__": kind}
        if "super()" in ast.unparse(changed):
            continue
        exec(compile(changed, f"<{kind.__name__}.{method}>", "exec"), space)
        yield f"{kind.__name__}.{method} {what}", space[method]


def gradients(name: str, seed: int) -> list[Any]:
    """All that a layer's backward gives, called twice in a row, on one draw of inputs."""
    rng = np.random.default_rng(seed)
    layer, x = LAYERS[name](rng)
    for part in layer.layers_within():
        part.parameters = {key: p + 0.3 * rng.standard_normal(p.shape) for key, p in part.parameters.items()}
    outputs = [layer(x), layer(x)]
    found = [layer.backward(np.cos(np.arange(y.size)).reshape(y.shape)) for y in outputs]
    flat = [part for each in found for part in (each if isinstance(each, tuple) else (each,))]
    return [*flat, *(g for part in layer.layers_within() for g in part.gradients.values())]


def same(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and all(x is y is None or same_array(x, y) for x, y in zip(a, b, strict=True))


def same_array(x: Any, y: Any) -> bool:
    return x is not None and y is not None and np.array_equal(x, y)


class Draw:
    """The same batch at every number."""

    def __init__(self, x: Any, target: Any) -> None:
        self.pair = x, target

    def batch(self, number: int) -> Any:
        return self.pair


def training(name: str, seed: int) -> Training:
    rng = np.random.default_rng(seed)
    layer, x = LAYERS[name](rng)
    y = copy.deepcopy(layer)(x)
    module = Module(Sequential([layer]))
    target = rng.uniform(y.min(initial=0.0), y.max(initial=0.0), y.shape)  # such as the layer can reach
    return Training(module, SquareLoss(module.backward), SGD(module, 0.01), Draw(x, target))


def verdict(name: str, kind: type, seeds: list[int]) -> str:
    """What the check says of a mutant that is in place: located, elsewhere, raises, or missed."""
    said = "missed"
    for seed in seeds:
        run = training(name, seed)
        own = {label(layer) for layer in run.model.layers() if isinstance(layer, kind)}
        try:
            report = Session(run).report(0)
        except Exception:  # what a mutant raises says where by itself
            return "raises"
        paths = {finding.path.rpartition(".")[2] for finding in report.findings if finding.severity == "error"}
        if paths:
            return "located" if paths <= own else f"elsewhere: {', '.join(paths)}"
    return said


def judged(name: str) -> Iterator[tuple[str, str]]:
    """Every mutant of the classes that a layer is made of, and what became of it."""
    layer, _ = LAYERS[name](np.random.default_rng(0))
    kinds = {k for k in type(layer).__mro__ if issubclass(k, layers.Layer) and k.__module__.startswith("mtorch.")}
    original = [gradients(name, seed) for seed in range(DRAWS)]
    for kind in sorted(kinds, key=lambda k: k.__name__):
        for method in METHODS:
            if method not in vars(kind) or vars(kind)[method] is getattr(layers.Layer, method, None):
                continue
            kept = vars(kind)[method]
            for what, function in mutants(kind, method):
                setattr(kind, method, function)
                try:
                    yield what, became(name, kind, original)
                finally:
                    setattr(kind, method, kept)


def became(name: str, kind: type, original: list[list[Any]]) -> str:
    changed = []
    for seed in range(DRAWS):
        try:
            with np.errstate(all="ignore"):
                if not same(gradients(name, seed), original[seed]):
                    changed.append(seed)
        except Exception:
            return "raises"
    if not changed:
        return "changes nothing"
    return verdict(name, kind, changed[:TRIED])


def main() -> None:
    totals: collections.Counter[str] = collections.Counter()
    for name in sys.argv[1:] or LAYERS:
        counts: collections.Counter[str] = collections.Counter()
        for what, state in judged(name):
            counts[state.partition(":")[0]] += 1
            if state not in ("located", "raises", "changes nothing"):
                print(f"    {name}: {what}: {state}", flush=True)
        totals += counts
        print(f"{name:<14}", dict(counts), flush=True)
    real = sum(totals.values()) - totals["changes nothing"]
    found = real - totals["missed"]
    none, located = totals["changes nothing"], found - totals["elsewhere"]
    print(f"{real} mutants change a gradient ({none} change none): detected {found}, located {located}")


if __name__ == "__main__":
    main()
