"""Hypotheses: pure functions, each of which asks one question of a wrong tensor; from specific to vague."""

from __future__ import annotations

from collections.abc import Callable

from mtorch.debug.diagnosis.hypotheses.case import Case, Guess
from mtorch.debug.diagnosis.hypotheses.edited import edited
from mtorch.debug.diagnosis.hypotheses.incoming import ignored, part_of_samples, repeated_indices, steps_shifted
from mtorch.debug.diagnosis.hypotheses.jacobian import diagonal_only, formula_at_input
from mtorch.debug.diagnosis.hypotheses.placement import (
    laid_out_otherwise,
    parameter_turned,
    places_mixed,
    stride_ignored,
)
from mtorch.debug.diagnosis.hypotheses.points import after_update, at_output, changed_between, earlier_call
from mtorch.debug.diagnosis.hypotheses.tensors import (
    blocks_swapped,
    handed_on,
    in_another_s_place,
    inner_blocks_swapped,
)
from mtorch.debug.diagnosis.hypotheses.terms import (
    carry_cut,
    eval_mode,
    inner_cut,
    mask_missing,
    part_missing,
    skip_missing,
    statistics_missing,
    target_missing,
)
from mtorch.debug.diagnosis.hypotheses.within import share_only

HYPOTHESES: tuple[Callable[[Case], Guess | None], ...] = (
    share_only,
    after_update,
    changed_between,
    edited,
    skip_missing,
    handed_on,
    in_another_s_place,
    steps_shifted,
    laid_out_otherwise,
    blocks_swapped,
    part_of_samples,
    repeated_indices,
    earlier_call,
    at_output,
    ignored,
    statistics_missing,
    eval_mode,
    carry_cut,
    inner_cut,
    inner_blocks_swapped,
    target_missing,
    parameter_turned,
    stride_ignored,
    places_mixed,
    formula_at_input,
    diagonal_only,
    mask_missing,
    part_missing,
)

__all__ = ["HYPOTHESES", "Case", "Guess"]
