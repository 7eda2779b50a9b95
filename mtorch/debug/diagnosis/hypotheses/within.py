"""Hypotheses about what a layer leaves as the gradient of a parameter that layers inside it use."""

from __future__ import annotations

from mtorch.debug.diagnosis.hypotheses.case import Case, Guess, near


def share_only(case: Case) -> Guess | None:
    """What one call, or one of the layers that use it, contributed, in place of the sum of all."""
    users: tuple[tuple[str, str], ...] = getattr(case.layer, "within", {}).get(case.slot, ())
    outer = case.trace.events[case.check.event]
    shares = [
        (path, event.call.gradients[name])
        for path, name in users
        for event in case.trace.events[outer.index : outer.end]
        if event.address.path == path and event.call is not None and name in event.call.gradients
    ]
    shares = [(path, share) for path, share in shares if share.shape == case.recorded.shape]
    if len(shares) < 2:
        return None
    for number, (path, share) in enumerate(shares):
        if near(case.recorded, share):
            rest = f"and not the sum of all {len(shares)}: = where += belongs"
            said = f"is what one backward call of {path} contributed, {rest}"
            return Guess("missing-accumulation", said, {"is_call": number + 1, "calls": len(shares), "of_path": path})
    for path, _ in users:
        own = [share for user, share in shares if user == path]
        if len(own) < len(shares) and near(case.recorded, sum(own[1:], own[0])):
            said = f"is what {path}'s calls contributed, and lacks what other layers add: = where += belongs"
            return Guess("missing-accumulation", said, {"calls": len(own), "of_path": path})
    return None
