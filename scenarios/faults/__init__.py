"""Faults: small layers that are wrong in one known way each."""

from __future__ import annotations

from scenarios.faults import activations, images, linear, normalisation, recurrent, training

GALLERY = (
    *activations.FAULTS,
    *linear.FAULTS,
    *normalisation.FAULTS,
    *recurrent.FAULTS,
    *images.FAULTS,
    *training.FAULTS,
)
"""Each a scenario with its expected findings."""
