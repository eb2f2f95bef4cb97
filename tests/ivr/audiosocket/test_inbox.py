from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.audiosocket.errors import EventsLost, PeerNotReading, RemoteProtocolError
from ivr.audiosocket.frames import Audio, HungUp, Key
from ivr.audiosocket.inbox import CAPACITY, Inbox


def audio(number: int) -> Audio:
    return Audio(number.to_bytes(2, "little"))


async def test_events_come_in_order() -> None:
    inbox = Inbox()
    inbox.put(audio(1))
    inbox.put(Key("1"))
    inbox.put(audio(2))
    assert [await inbox.get() for _ in range(3)] == [audio(1), Key("1"), audio(2)]


async def test_a_waiting_reader_is_woken() -> None:
    inbox = Inbox()
    reader = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put(audio(7))
    assert await reader == audio(7)


async def test_the_ending_comes_last_and_once() -> None:
    inbox = Inbox()
    inbox.put(audio(1))
    inbox.end(HungUp())
    assert [await inbox.get(), await inbox.get()] == [audio(1), HungUp()]
    with pytest.raises(StopAsyncIteration):
        await inbox.get()


async def test_an_error_ends_by_being_raised() -> None:
    inbox = Inbox()
    inbox.end(RemoteProtocolError("wrong"))
    with pytest.raises(RemoteProtocolError, match="wrong"):
        await inbox.get()
    with pytest.raises(StopAsyncIteration):
        await inbox.get()


async def test_our_own_end_is_silent_and_wakes_the_reader() -> None:
    inbox = Inbox()
    reader = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.end()
    with pytest.raises(StopAsyncIteration):
        await reader


async def test_the_first_end_counts_and_nothing_follows_it() -> None:
    inbox = Inbox()
    inbox.end(PeerNotReading("slow"))
    inbox.end(HungUp())
    assert inbox.put(audio(1))
    assert inbox.lost == 0
    with pytest.raises(PeerNotReading):
        await inbox.get()
    with pytest.raises(StopAsyncIteration):
        await inbox.get()


async def test_a_slow_reader_is_told_how_much_it_lost_and_where() -> None:
    inbox = Inbox(capacity=3)
    assert [inbox.put(audio(n)) for n in range(5)] == [True, True, True, False, False]
    assert inbox.lost == 2
    assert [await inbox.get() for _ in range(3)] == [audio(0), audio(1), audio(2)]
    inbox.put(audio(5))
    with pytest.raises(EventsLost) as lost:
        await inbox.get()
    assert lost.value.count == 2
    assert await inbox.get() == audio(5)


async def test_five_seconds_may_wait() -> None:
    inbox = Inbox()
    assert all(inbox.put(audio(n)) for n in range(CAPACITY))
    assert CAPACITY * 0.02 == 5.0
    assert not inbox.put(audio(0))


async def test_a_full_inbox_still_ends() -> None:
    inbox = Inbox(capacity=1)
    inbox.put(audio(1))
    inbox.end(HungUp())
    assert [await inbox.get(), await inbox.get()] == [audio(1), HungUp()]


async def test_a_second_reader_is_a_mistake() -> None:
    inbox = Inbox()
    first = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="one reader"):
        await inbox.get()
    inbox.put(audio(1))
    assert await first == audio(1)


async def test_a_cancelled_reader_leaves_the_event_for_the_next() -> None:
    inbox = Inbox()
    reader = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put(audio(1))
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert await inbox.get() == audio(1)


@given(steps=st.lists(st.booleans(), max_size=80), capacity=st.integers(1, 6))
def test_everything_put_is_had_or_told_as_lost(steps: list[bool], capacity: int) -> None:
    """Whatever the order of puts (True) and gets: numbers taken plus losses told make all that was put."""

    async def run() -> None:
        inbox, put, seen = Inbox(capacity), 0, 0

        async def take() -> bool:
            nonlocal seen
            try:
                event = await inbox.get()
            except EventsLost as lost:
                seen += lost.count
            except StopAsyncIteration:
                return False
            else:
                assert event == audio(seen), "a gap was not told where it is"
                seen += 1
            return True

        for is_put in steps:
            if is_put:
                inbox.put(audio(put))
                put += 1
            elif seen < put:
                await take()
        inbox.end()
        while await take():
            pass
        assert seen == put

    asyncio.run(run())
