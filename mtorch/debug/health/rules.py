"""The rules of health, all together: each a function of a window and of thresholds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mtorch.debug.diagnosis.findings import Finding, telling
from mtorch.debug.health.data import imbalanced_classes, unnormalised_input
from mtorch.debug.health.gradients import exploding_gradient, gradients_not_reset, vanishing_gradient
from mtorch.debug.health.losses import initial_loss_off, loss_diverging, loss_flat
from mtorch.debug.health.thresholds import Thresholds
from mtorch.debug.health.units import dead_units, saturated_units
from mtorch.debug.health.updates import frozen_parameter, update_size, zero_init
from mtorch.debug.health.vitals import Vitals, Window

Rule = Callable[[Window, Thresholds], list[Finding]]
RULES: tuple[Rule, ...] = (
    unnormalised_input,
    imbalanced_classes,
    zero_init,
    initial_loss_off,
    dead_units,
    saturated_units,
    vanishing_gradient,
    exploding_gradient,
    gradients_not_reset,
    frozen_parameter,
    update_size,
    loss_diverging,
    loss_flat,
)

SHADOWS = {
    "unnormalised-input": {"initial-loss-off", "saturated-units"},
    "zero-init": {"dead-units", "loss-flat", "vanishing-gradient", "update-too-small"},
    "dead-units": {"loss-flat", "vanishing-gradient", "update-too-small"},
    "saturated-units": {"initial-loss-off", "loss-flat", "vanishing-gradient", "update-too-small"},
    "vanishing-gradient": {"loss-flat", "update-too-small"},
    "update-too-small": {"loss-flat"},
    "frozen-parameter": {"loss-flat"},
}
"""What each cause brings with it, which is not said again."""


def diagnose(
    vitals: Sequence[Vitals], losses: Sequence[float], limits: Thresholds | None = None
) -> tuple[Finding, ...]:
    """What a window of successive iterations shows, the most telling first.

    `losses` are the run's, per element, up to the window's end. A number that is not finite is an error, said once,
    and the other rules look at the iterations before it only.
    """
    broken = next((v for v in vitals if v.broken is not None), None)
    whole = tuple(v for v in vitals if broken is None or v.iteration < broken.iteration)
    findings = [broken.broken] if broken is not None and broken.broken is not None else []
    if whole:
        window = Window(whole, tuple(losses[: whole[-1].iteration + 1]))
        said = [finding for rule in RULES for finding in rule(window, limits or Thresholds())]
        shadows = {cause for finding in said for cause in SHADOWS.get(finding.cause, ())}
        findings += [finding for finding in said if finding.cause not in shadows]
    return tuple(sorted(findings, key=telling))
