"""What a running system tells Prometheus, read as Prometheus reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.telephony.system import System


@dataclass(frozen=True)
class Numbers:
    """One reading of /metrics."""

    samples: dict[tuple[str, frozenset[tuple[str, str]]], float]

    def value(self, name: str, **labels: str) -> float:
        """One number, by its name without the project's. Raises KeyError when it is not told."""
        return self.samples[f"minsheng110_{name}", frozenset(labels.items())]

    def total(self, name: str, **labels: str) -> float:
        """The sum of all numbers of that name with these labels, whatever others they have."""
        wanted = frozenset(labels.items())
        return sum(
            value
            for (known, its), value in self.samples.items()
            if known == f"minsheng110_{name}" and wanted <= its
        )

    @property
    def shed(self) -> float:
        """Calls that were refused recognition."""
        return self.total("calls_without_speech_total") - self.value(
            "calls_without_speech_total", cause="failed"
        )


async def numbers(system: System) -> Numbers:
    """Ask the node now."""
    address = f"http://127.0.0.1:{system.config['metrics']['port']}/metrics"
    async with aiohttp.ClientSession() as client, client.get(address) as answer:
        assert answer.status == 200
        families = text_string_to_metric_families(await answer.text())
        return Numbers({(s.name, frozenset(s.labels.items())): s.value for f in families for s in f.samples})


async def numbers_when(system: System, until: Callable[[Numbers], bool], limit_s: float = 20.0) -> Numbers:
    """Ask until they are as wanted. Raises TimeoutError when they never are."""
    async with asyncio.timeout(limit_s):
        while not until(told := await numbers(system)):
            await asyncio.sleep(0.1)
    return told
