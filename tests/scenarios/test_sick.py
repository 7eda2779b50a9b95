"""Each sick scenario has what it says, and nothing else."""

import pytest

from mtorch.debug.session import Session
from scenarios import SCENARIOS

SICK = [name for name, scenario in SCENARIOS.items() if "sick" in scenario.tags]


@pytest.mark.parametrize("name", SICK)
@pytest.mark.parametrize("seed", range(3))
def test_its_cause_is_found_and_no_other(name: str, seed: int) -> None:
    session = Session(SCENARIOS[name].build(seed))
    findings = session.health(9)
    assert [{"cause": f.cause, "path": f.path, "tensor": f.tensor, "t": None} for f in findings] == list(
        SCENARIOS[name].expected or ()
    )
    for finding in findings:
        assert finding.severity == ("info" if finding.path == "linear3" else "warning")
        assert finding.iteration == (0 if finding.cause in ("zero-init", "initial-loss-off") else 9)
        assert finding.evidence
        assert session.ward.address(finding) == session.trace(finding.iteration).events[finding.event].address


@pytest.mark.parametrize("name", SICK)
def test_its_gradients_are_right(name: str) -> None:
    scenario = SCENARIOS[name]
    small = {"depth": 4} if "depth" in scenario.settings else {}
    report = Session(scenario.build(0, settings=small)).report(0)
    assert report.findings == ()
    assert not any(check.ok is False for check in report.checks)
