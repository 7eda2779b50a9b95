"""What the rules of health say of healthy scenarios. Run as `python -m tests.healthy [SEEDS] [ITERATIONS]`."""

from __future__ import annotations

import sys
from collections import Counter

from mtorch.debug.health.rules import diagnose
from mtorch.debug.health.thresholds import WINDOW, Thresholds
from mtorch.debug.health.vitals import Ranges, vitals
from mtorch.debug.session import Session
from scenarios import SCENARIOS, Scenario


def healthy() -> list[Scenario]:
    return [scenario for scenario in SCENARIOS.values() if scenario.expected is None]


def said(scenario: Scenario, seed: int, iterations: int) -> set[str]:
    """ "severity: cause path" of all that any window of the first iterations shows."""
    session, ranges, limits = Session(scenario.build(seed)), Ranges(), Thresholds.of(scenario.thresholds)
    seen, found = [], set()
    for iteration in range(iterations):
        seen.append(vitals(session.trace(iteration), ranges))
        for finding in diagnose(seen[-WINDOW:], session.losses, limits):
            found.add(f"{finding.severity}: {finding.cause} {finding.path} {finding.tensor}")
    return found


def main() -> None:
    seeds, iterations = (int(a) for a in (*sys.argv[1:], *("10", "50")[len(sys.argv) - 1 :]))
    print(f"{'scenario':20} seeds with findings, of {seeds}, {iterations} iterations each")
    for scenario in healthy():
        counts = Counter(words for seed in range(seeds) for words in said(scenario, seed, iterations))
        print(
            f"{scenario.name:20} " + ("; ".join(f"{n} {words}" for words, n in counts.most_common()) or "none"),
            flush=True,
        )


if __name__ == "__main__":
    main()
