"""What a benchmark gives: figures, each with its goal and with what limits it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Effort(StrEnum):
    """How much is measured: for the record, for a look, or only to see that it works."""

    FULL = "full"
    QUICK = "quick"
    LEAST = "least"

    def pick(self, full: int, quick: int, least: int) -> int:
        """The number that belongs to this effort."""
        return {Effort.FULL: full, Effort.QUICK: quick, Effort.LEAST: least}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table; a figure that is not a distribution has no ``p99``.

    ``goal`` is empty where the design has none. ``limit`` is one sentence on what it comes from.
    """

    name: str
    unit: str
    value: float
    p99: float | None = None
    n: int
    goal: str = ""
    limit: str

    @property
    def is_finite(self) -> bool:
        """Whether it is a measurement at all."""
        return all(math.isfinite(number) for number in (self.value, self.p99 or 0.0))


def distribution(
    name: str, unit: str, values: Sequence[float], *, goal: str = "", limit: str
) -> Figure:
    """The figure of many *values*: their median, and the p99 by nearest rank."""
    return Figure(
        name=name,
        unit=unit,
        value=percentile(values, 0.50),
        p99=percentile(values, 0.99),
        n=len(values),
        goal=goal,
        limit=limit,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of *values* that is not exceeded by *share* of them; not a number of none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def in_ms(values_s: Sequence[float]) -> list[float]:
    """Seconds as milliseconds."""
    return [1000 * value_s for value_s in values_s]
