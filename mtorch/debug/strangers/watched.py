"""What a script can say of itself: `from mtorch.debug import watch`. Without `mtorch run`, only `here` hears it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from mtorch.debug.strangers.instruments import NAMED, NAMES, Instruments
from mtorch.debug.strangers.pairs import LossPair, Pair
from mtorch.errors import MtorchError
from mtorch.layers.base import Array

Thing = TypeVar("Thing")
Function = Callable[..., Any]


class Watcher:
    """`watch(layer)` for methods of other names, `watch.layer(…)` for two functions, `watch.loss(…)` for a loss."""

    def __call__(self, layer: Thing, forward: str = "", backward: str = "") -> Thing:
        """Watch all objects of a layer's class, by the names of its methods; returns the layer.

        Without names, they are found where they are usual ones. Raises MtorchError where there are none.
        """
        cls = layer if isinstance(layer, type) else type(layer)
        usual = next((pair for pair in NAMES if all(callable(getattr(cls, name, None)) for name in pair)), ("", ""))
        names = forward or usual[0], backward or usual[1]
        for name, role in zip(names, ("forward", "backward"), strict=True):
            if not callable(getattr(cls, name, None)):
                known = ", ".join(f"{role}=" for role in ("forward", "backward"))
                raise MtorchError(f"watch: {cls.__name__} has no method {name or role!r}; {known} name them")
        NAMED[cls] = names  # which `here` asks for, too
        if Instruments.current is not None:
            Instruments.current.attach(cls, names)
        return layer

    def layer(
        self,
        name: str,
        forward: Function | None = None,
        backward: Function | None = None,
        *,
        params: dict[str, Array] | None = None,
        grads: dict[str, Array] | None = None,
    ) -> tuple[Function, Function]:
        """Two functions to call in place of those given, as one layer of that name.

        What forward returns besides its output, such as a cache, may be handed to backward. Gradients may be returned,
        in the order of forward's arguments or in a dict, or left in `grads`; `params` and `grads` need to be given only
        where the functions use them without being handed them. Raises MtorchError where one is no function.
        """
        if not callable(forward) or not callable(backward):
            lacks = "backward" if callable(forward) else "forward"
            raise MtorchError(
                f"watch.layer: {name} has no {lacks}; expected two functions, forward= and backward="
                "; one that returns a loss and its gradient is for watch.loss"
            )
        if Instruments.current is None:
            return forward, backward
        pair = Pair(name, forward, backward, params, grads)
        Instruments.current.attach(Pair, NAMES[0])
        Instruments.current.pairs.append(name)
        # By name at each call, as the methods of a class may be stood in for.
        return (
            lambda *args, **kwargs: pair.forward(*args, **kwargs),
            lambda *args, **kwargs: pair.backward(*args, **kwargs),
        )

    def loss(self, name: str, function: Function) -> Function:
        """A function to call in place of one that returns a loss and its gradient, as a layer of that name.

        It returns the same. Raises MtorchError where it is no function, or returns anything else.
        """
        if not callable(function):
            raise MtorchError(f"watch.loss: {name} is no function; expected one that returns a loss and its gradient")
        if Instruments.current is None:
            return function
        pair = LossPair(name, function)
        Instruments.current.attach(LossPair, NAMES[0])
        Instruments.current.pairs.append(name)

        def both(*args: Any, **kwargs: Any) -> Any:
            pair.forward(*args, **kwargs)
            pair.backward()
            return pair.returned

        return both


watch = Watcher()
