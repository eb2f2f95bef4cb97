"""A share of cases, and how far chance may have moved it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

_Z = NormalDist().inv_cdf(0.975)  # two-sided 95 %


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `total` cases; 0 <= hits <= total."""

    hits: int
    total: int

    @property
    def rate(self) -> float | None:
        """The share, 0..1; None when there is no case."""
        return self.hits / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval; all of 0..1 when there is no case."""
        if not self.total:
            return 0.0, 1.0
        n, p = self.total, self.hits / self.total
        middle = p + _Z**2 / (2 * n)
        spread = _Z * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        scale = 1 + _Z**2 / n
        return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)

    def reaches(self, wanted: float) -> bool:
        """Tell whether the share is at least this; without a case nothing is reached."""
        return self.rate is not None and self.rate >= wanted
