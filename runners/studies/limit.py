"""When a run ends, and which seeds a study has: the values and how people write them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ...errors import EncaveError

_SECONDS = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_EVALUATIONS = ("evals", "eval", "evaluations")
_MAX_SEED = 2**32 - 1  # what numpy's legacy generator, which SMAC uses, takes
_MAX_SEEDS = 1_000_000


@dataclass(frozen=True)
class Limit:
    """Where a run stops; exactly one of the two is given."""

    simulated_seconds: float | None = None
    """Evaluations that would end later do not count."""

    evaluations: int | None = None
    """Number of completed evaluations."""

    def __post_init__(self) -> None:
        given = [value for value in (self.simulated_seconds, self.evaluations) if value is not None]
        if len(given) != 1 or not math.isfinite(given[0]) or given[0] <= 0:
            raise EncaveError(
                f"a run ends after simulated seconds or evaluations, one of them and more than 0: {self.to_json()}"
            )

    def __str__(self) -> str:
        if self.evaluations is not None:
            return f"{self.evaluations} evaluations"
        return f"{self.simulated_seconds:g} simulated seconds"

    def to_json(self) -> dict[str, float]:
        """As `encave.json` has it: `{"simulated_seconds": 20000.0}` or `{"evaluations": 300}`."""
        fields = {"simulated_seconds": self.simulated_seconds, "evaluations": self.evaluations}
        return {name: value for name, value in fields.items() if value is not None}


def parse_limit(text: str) -> Limit:
    """Read `20000s`, `90min`, `5h`, `1d` (simulated time) or `300evals`.

    Raises:
        EncaveError: it is none of these, or not more than 0.
    """
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?(?:e[0-9]+)?)\s*([a-z]*)\s*", text.lower())
    number, unit = (float(match[1]), match[2]) if match else (0.0, "")
    if unit in _SECONDS and 0 < number * _SECONDS[unit] < math.inf:
        return Limit(simulated_seconds=number * _SECONDS[unit])
    if unit in _EVALUATIONS and 0 < number < math.inf and number == int(number):
        return Limit(evaluations=int(number))
    raise EncaveError(
        f"not a budget: {text!r}. Write a number and its unit: 20000s, 90min, 5h or 1d of simulated time, or 300evals"
    )


def parse_seeds(text: str) -> tuple[int, ...]:
    """Read `0-4,7` as (0, 1, 2, 3, 4, 7): ascending, each seed once.

    Raises:
        EncaveError: it is not a list of whole numbers and ranges.
    """
    seeds: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9]+)\s*(?:-\s*([0-9]+)\s*)?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last or last > _MAX_SEED:
            raise EncaveError(
                f"not a list of seeds: {text!r}. Write whole numbers of 0 … {_MAX_SEED} and ranges: 0-4,7"
            )
        if len(seeds) + last - first >= _MAX_SEEDS:
            raise EncaveError(f"too many seeds: {text!r} is more than {_MAX_SEEDS:,}; split the study")
        seeds.update(range(first, last + 1))
    return tuple(sorted(seeds))
