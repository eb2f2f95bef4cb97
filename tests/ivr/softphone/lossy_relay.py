"""A UDP relay between one phone and another that loses what a test tells it to lose."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

Address = tuple[str, int]
Loses = Callable[[bytes], bool]


class LossyRelay(asyncio.DatagramProtocol):
    """What comes from the server goes to whoever spoke first, what comes from there goes to the server."""

    def __init__(self, server: Address, loses: Loses) -> None:
        self.seen: list[bytes] = []
        self.lost: list[bytes] = []
        self._server = server
        self._loses = loses
        self._client: Address | None = None
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    @property
    def address(self) -> Address:
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return str(host), int(port)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.seen.append(data)
        if self._loses(data):
            self.lost.append(data)
            return
        if addr != self._server:
            self._client = addr
        to = self._client if addr == self._server else self._server
        if to is not None and self._transport is not None:
            self._transport.sendto(data, to)

    def starting(self, start: bytes) -> list[bytes]:
        """All datagrams that came by and begin so, lost ones included."""
        return [data for data in self.seen if data.startswith(start)]

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


@asynccontextmanager
async def relay(server: Address, loses: Loses) -> AsyncIterator[LossyRelay]:
    loop = asyncio.get_running_loop()
    _, made = await loop.create_datagram_endpoint(
        lambda: LossyRelay(server, loses), local_addr=("127.0.0.1", 0)
    )
    try:
        yield made
    finally:
        made.close()


def first(count: int, start: bytes) -> Loses:
    """Lose the first so many datagrams that begin so."""
    left = [count]

    def loses(data: bytes) -> bool:
        if data.startswith(start) and left[0] > 0:
            left[0] -= 1
            return True
        return False

    return loses
