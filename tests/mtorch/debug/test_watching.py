from __future__ import annotations

import copy
from typing import Any

import pytest

from mtorch.debug.watching import Watch


class Base:
    def forward(self, x: int) -> int:
        return x + 1


class Child(Base):
    def forward(self, x: int) -> int:
        return super().forward(x) * 10


class Heir(Base):
    pass


class Listener:
    def __init__(self) -> None:
        self.heard: list[tuple[str, Any, Any]] = []

    def enter(self, target: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.heard.append(("enter", target, args))

    def leave(self, target: Any, method: str, result: Any) -> None:
        self.heard.append(("leave", target, result))


def test_a_call_is_heard_before_and_after() -> None:
    listener, base = Listener(), Base()
    with Watch([(base, ("forward",))], listener):
        assert base.forward(1) == 2
    assert listener.heard == [("enter", base, (1,)), ("leave", base, 2)]


def test_other_objects_of_the_class_pass_through() -> None:
    listener, base = Listener(), Base()
    with Watch([(base, ("forward",))], listener):
        assert Base().forward(4) == 5
    assert listener.heard == []


def test_a_method_that_calls_super_s_counts_once() -> None:
    listener, child, base = Listener(), Child(), Base()
    with Watch([(child, ("forward",)), (base, ("forward",))], listener):
        assert child.forward(1) == 20
    assert [kind for kind, *_ in listener.heard] == ["enter", "leave"]


@pytest.mark.parametrize("cls", [Base, Child, Heir])
def test_the_classes_are_as_before(cls: type) -> None:
    before = dict(vars(cls))
    with Watch([(cls(), ("forward",))], Listener()):
        assert dict(vars(cls)) != before
    assert dict(vars(cls)) == before


def test_the_classes_are_as_before_after_an_exception() -> None:
    before = dict(vars(Child))
    with pytest.raises(TypeError), Watch([(child := Child(), ("forward",))], Listener()):
        child.forward("one")  # type: ignore[arg-type]
    assert dict(vars(Child)) == before


def test_a_deep_copy_carries_no_wrapper() -> None:
    listener, base = Listener(), Base()
    with Watch([(base, ("forward",))], listener):
        copy.deepcopy(base).forward(1)
    assert listener.heard == []
    assert vars(base) == {}


def test_slots_need_no_room() -> None:
    class Slotted:
        __slots__ = ()

        def forward(self, x: int) -> int:
            return x

    listener, slotted = Listener(), Slotted()
    with Watch([(slotted, ("forward",))], listener):
        slotted.forward(1)
    assert len(listener.heard) == 2


def test_watches_may_overlap_in_any_order() -> None:
    before = dict(vars(Child)), dict(vars(Base))
    first, second = Child(), Child()
    heard = Listener(), Listener()
    one, other = Watch([(first, ("forward",))], heard[0]), Watch([(second, ("forward",))], heard[1])
    one.__enter__()
    other.__enter__()
    first.forward(1)
    one.__exit__(None, None, None)
    assert second.forward(1) == 20
    first.forward(1)
    other.__exit__(None, None, None)
    second.forward(1)
    assert [len(listener.heard) for listener in heard] == [2, 2]
    assert (dict(vars(Child)), dict(vars(Base))) == before


def test_a_watch_that_cannot_be_entered_leaves_nothing_behind() -> None:
    before = dict(vars(Base))
    with pytest.raises((AttributeError, TypeError)), Watch([(Base(), ("forward",)), (None, ("__call__",))], Listener()):
        pass
    assert dict(vars(Base)) == before
