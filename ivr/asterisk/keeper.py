"""Keeps an Asterisk alive from an asyncio process: starts or adopts it, and starts it again when it dies."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from ivr.asterisk.errors import AsteriskError

if TYPE_CHECKING:
    from ivr.asterisk.run import Asterisk

log = structlog.get_logger(__name__)

_FIRST_BACKOFF_S = 0.25
_LONGEST_BACKOFF_S = 10.0
#: A process that lived longer was no failing start: the next one begins without waiting.
_STEADY_S = 5.0


class AsteriskKeeper:
    """Runs as one task of the parent. Cancelling it leaves Asterisk running: calls outlive us on purpose."""

    def __init__(self, asterisk: Asterisk) -> None:
        self.asterisk = asterisk
        self.ready = asyncio.Event()
        """Asterisk is booted; cleared while it is away."""
        self.restarts = 0

    async def keep(self) -> None:
        """Keep it alive until cancelled. A start that fails is logged and tried again, ever more slowly."""
        loop = asyncio.get_running_loop()
        backoff = 0.0
        while True:
            began = loop.time()
            try:
                await asyncio.to_thread(self.asterisk.start)
            except (AsteriskError, OSError) as error:
                if self.asterisk.adopted and self.asterisk.alive():
                    # It carries calls of before; a console that answers late is no reason to end them.
                    log.warning("asterisk.console_slow", pid=self.asterisk.pid, error=str(error))
                    await self._serve(began)
                else:
                    log.error("asterisk.not_started", error=str(error))  # noqa: TRY400 - no stack wanted
                    await asyncio.to_thread(self.asterisk.stop)
            else:
                await self._serve(began)
            self.restarts += 1
            steady = loop.time() - began > _STEADY_S
            backoff = 0.0 if steady else min(_LONGEST_BACKOFF_S, 2 * backoff + _FIRST_BACKOFF_S)
            await asyncio.sleep(backoff)  # one that dies at its start must not eat the machine

    async def _serve(self, began: float) -> None:
        """It is ready for as long as its process is there."""
        self.ready.set()
        try:
            await self._gone()
        finally:
            self.ready.clear()
        log.error("asterisk.died", lived_s=round(asyncio.get_running_loop().time() - began, 1))

    async def _gone(self) -> None:
        """Return when the process has ended."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        descriptor = self.asterisk.pidfd
        if descriptor is not None:
            loop.add_reader(descriptor, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(descriptor)
        self.asterisk.wait(0)
