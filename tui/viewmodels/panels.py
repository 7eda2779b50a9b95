"""Panels: what each digit shows, in words. Nothing else, as the keys are shown before numpy is there."""

from __future__ import annotations

from typing import NamedTuple


class Panel(NamedTuple):
    name: str
    summary: str

    @property
    def words(self) -> str:
        return f"{self.name}: {self.summary}"


VIEWED = {
    "3": Panel("network", "every layer: outputs forward, gradients backward"),
    "4": Panel("time", "each time step: its hidden state, its gradient"),
    "5": Panel("curves", "the loss, a sample in time, watches' numbers where recorded"),
    "6": Panel("histogram", "how this tensor's numbers are spread"),
    "7": Panel("equations", "the equations of this event, with its shapes"),
    "8": Panel("parameters", "what the update did to each, and the optimiser's state"),
    "9": Panel("picture", "this sample's input as an image, or this tensor"),
}
"""The views: what can be seen in place of the tensors, or beside them."""

PANELS = {
    "1": Panel("events", "the tree of this iteration"),
    "2": Panel("tensors", "the tables of this event"),
    **VIEWED,
    "0": Panel("findings", "those of this iteration, whole"),
}
