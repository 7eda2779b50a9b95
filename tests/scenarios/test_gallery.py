"""Every fault of the gallery is found, in its place, and its cause is named."""

from __future__ import annotations

import pytest

from scenarios.faults import GALLERY
from scenarios.registry import Scenario
from tests.gallery import expected, found, told


@pytest.mark.parametrize("scenario", GALLERY, ids=lambda scenario: scenario.name)
def test_a_fault_is_found_where_it_is_and_as_what_it_is(scenario: Scenario) -> None:
    for findings in found(scenario):
        assert {told(finding) for finding in findings} == expected(scenario)
        assert len(findings) == len(scenario.expected or ())
        assert all(finding.message for finding in findings)


def test_nearly_all_causes_are_named() -> None:
    unnamed = [s.name for s in GALLERY if any(e["cause"] == "unknown" for e in s.expected or ())]
    assert len(unnamed) <= 0.05 * len(GALLERY)


def test_each_fault_tells_its_story_once() -> None:
    assert len({s.name for s in GALLERY}) == len({s.summary for s in GALLERY}) == len(GALLERY)
    assert all({"fault", "gallery"} <= set(s.tags) for s in GALLERY)
