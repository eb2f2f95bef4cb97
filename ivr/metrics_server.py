"""Serves a node's numbers at http://ADDRESS:PORT/metrics. No call needs it: without its port the node goes on."""

from __future__ import annotations

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.aiohttp import make_aiohttp_handler

log = structlog.get_logger(__name__)

PATH = "/metrics"
_CLOSED_WITHIN_S = 1.0


class MetricsServer:
    """Answers Prometheus. Made, started and closed in the loop's thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        app = web.Application()
        app.router.add_get(PATH, make_aiohttp_handler(registry))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CLOSED_WITHIN_S)

    async def start(self, address: str, port: int) -> None:
        """Listen; logs when it cannot and goes on without."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, address, port).start()
        except OSError as error:
            log.warning("metrics.missing", address=address, port=port, reason=str(error))
            return
        log.info("metrics.ready", address=address, port=port)

    async def close(self) -> None:
        """Answer nobody any more."""
        await self._runner.cleanup()
