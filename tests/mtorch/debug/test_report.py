from __future__ import annotations

import json

import numpy as np
import pytest

import scenarios
from mtorch.debug.report import Report
from mtorch.debug.session import Session

HEALTHY = [name for name, scenario in scenarios.SCENARIOS.items() if scenario.expected is None]


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize("seed", range(2))
def test_a_healthy_scenario_is_right_to_rounding(name: str, seed: int) -> None:
    scenario = scenarios.find(name)
    small = {"batch": 5, "seq": 6, "hidden": 8, "depth": 8, "channels": 2}
    session = Session(scenario.build(seed, None, {key: small[key] for key in small if key in scenario.settings}))
    for iteration in (0, 25):
        report = session.report(iteration)
        assert report.findings == ()
        assert all(check.ok and (check.relative_error or 0) < 1e-12 for check in report.checks)


@pytest.fixture(scope="module")
def seed() -> Report:
    return Session(scenarios.find("rnn-sin-cos-seed").build()).report(0)


def test_all_four_faults_of_the_seed_are_found(seed: Report) -> None:
    found = {(f.cause, f.path, f.tensor): f for f in seed.findings}
    stale = found["stale-cache", "rnn.tanh", "grad_input"]
    assert stale.t == tuple(range(9))
    assert stale.evidence["matches_t"] == 9
    assert found["stale-cache", "rnn.linear", "grad_weight"].t == tuple(range(9))
    assert found["wrong-scale", "rnn.linear", "grad_input"].evidence["constant"] == "1/32"
    assert found["wrong-scale", "rnn.linear", "grad_input"].t == tuple(range(10))
    assert found["wrong-tensor", "rnn", "grad_h0"].evidence["of_t"] == 0
    assert found["unreachable-target", "sigmoid", "output"].evidence["range"] == [0, 1]


def test_a_layer_is_not_blamed_for_what_is_inside_it(seed: Report) -> None:
    outer = {(check.path, check.tensor): check.ok for check in seed.checks if check.path in ("", "rnn")}
    assert outer == {("", "grad_x"): True, ("", "grad_h0"): True, ("rnn", "grad_x"): True, ("rnn", "grad_h0"): False}


def test_a_fault_upstream_marks_no_other_layer(seed: Report) -> None:
    assert all(check.ok for check in seed.checks if check.path == "sigmoid")
    assert all(check.ok for check in seed.checks if (check.path, check.t) == ("rnn.tanh", 9))


def test_wrong_events_are_those_with_failed_checks(seed: Report) -> None:
    assert set(seed.wrong) == {check.event for check in seed.checks if check.ok is False}
    assert set(seed.marked) - set(seed.wrong) == {f.event for f in seed.findings if f.cause == "unreachable-target"}


def test_findings_are_json(seed: Report) -> None:
    for finding in seed.findings:
        made = json.loads(json.dumps(finding.as_json(), allow_nan=False))
        assert made["message"] and made["severity"] == "error"


def test_the_right_gradient_is_what_healthy_code_would_have_given() -> None:
    report = Session(scenarios.find("mnist-mlp").build(0, None, {"hidden": 4, "batch": 5})).report(0)
    for event in report.trace.events:
        for tensor in event.tensors:
            numerical = report.numerical(event.index, tensor)
            if numerical is not None:
                np.testing.assert_allclose(numerical, event.tensors[tensor], rtol=1e-9, atol=1e-12)
                assert report.known_numerical(event.index, tensor) is numerical
