"""A script's text, run under watch in this process."""

from __future__ import annotations

from mtorch.debug.events import Trace
from mtorch.debug.report import Report
from mtorch.debug.strangers.conventions import examined
from mtorch.debug.strangers.instruments import Instruments
from mtorch.debug.strangers.observer import Observer
from mtorch.debug.strangers.quiet import quietly


def observed(source: str) -> list[Report]:
    """What is found in each iteration of it."""
    reports: list[Report] = []

    def over(trace: Trace, state: object) -> None:
        with quietly():
            reports.append(examined(trace, roots=observer.latest))

    observer = Observer(over)
    with Instruments(observer, ""):
        exec(compile(source, "script", "exec", dont_inherit=True), {"__name__": "stranger"})
        observer.end()
    assert not observer.broken, observer.broken
    return reports
