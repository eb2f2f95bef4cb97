"""/metrics over real HTTP: what it says, and that nothing else hangs on it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import aiohttp
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from ivr.metrics_server import MetricsServer
from tests.asterisk_instance import free_ports


@asynccontextmanager
async def serving(registry: CollectorRegistry, port: int) -> AsyncIterator[str]:
    server = MetricsServer(registry)
    await server.start("127.0.0.1", port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await server.close()


async def test_prometheus_reads_it_and_nothing_else_is_served() -> None:
    registry = CollectorRegistry()
    Counter("burst_pipes", "Reported today.", registry=registry).inc(7)
    (port,) = free_ports(1)
    async with serving(registry, port) as address, aiohttp.ClientSession() as client:
        async with client.get(f"{address}/metrics") as answer:
            assert answer.status == 200
            assert answer.content_type == "text/plain"
            families = {family.name: family for family in text_string_to_metric_families(await answer.text())}
        assert families["burst_pipes"].samples[0].value == 7
        for path in ("/", "/metrics/..", "/config.yaml"):
            async with client.get(address + path) as answer:
                assert answer.status == 404
        async with client.post(f"{address}/metrics") as answer:
            assert answer.status == 405


async def test_a_port_that_is_taken_costs_the_numbers_and_nothing_else() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other, capture_logs() as logs:
        port = other.getsockname()[1]
        async with serving(CollectorRegistry(), port):
            pass
    assert [(entry["event"], entry["port"]) for entry in logs] == [("metrics.missing", port)]


async def test_an_address_of_another_machine_as_well() -> None:
    with capture_logs() as logs:
        server = MetricsServer(CollectorRegistry())
        await server.start("192.0.2.1", free_ports(1)[0])
        await server.close()
    assert [entry["event"] for entry in logs] == ["metrics.missing"]


async def test_who_connects_and_says_nothing_does_not_keep_the_node_from_stopping() -> None:
    (port,) = free_ports(1)
    async with serving(CollectorRegistry(), port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost")
        await writer.drain()
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
    await writer.wait_closed()
