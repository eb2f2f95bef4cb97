import asyncio
from collections.abc import AsyncIterator

import pytest

from ivr.softphone.errors import NotInCall, SdpError
from ivr.softphone.media import Media
from ivr.softphone.recording import Recording
from ivr.softphone.sdp import AudioDescription, Direction
from ivr.softphone.ticker import MAX_BEHIND, Ticker
from tests.ivr.softphone.sounds import tone

HOST = "127.0.0.1"


async def opened(ticker: Ticker) -> Media:
    return await Media.open(HOST, ticker, Recording())


@pytest.fixture
async def pair() -> AsyncIterator[tuple[Media, Media]]:
    """Two sides that talk to each other."""
    ticker = Ticker()
    us, them = await opened(ticker), await opened(ticker)
    us.towards(AudioDescription(HOST, them.port))
    them.towards(AudioDescription(HOST, us.port))
    yield us, them
    us.close()
    them.close()
    assert ticker._timer is None


async def test_what_is_said_is_heard(pair: tuple[Media, Media]) -> None:
    us, them = pair
    await asyncio.gather(us.play(tone(440, 0.3)), them.play(tone(700, 0.3)))
    await them.heard.until(lambda: them.heard.has_tone(440), 2)
    await us.heard.until(lambda: us.heard.has_tone(700), 2)
    assert not us.heard.has_tone(440)
    assert (us.heard.lost, them.heard.lost) == (0, 0)


async def test_sound_takes_its_time(pair: tuple[Media, Media]) -> None:
    us, _ = pair
    loop = asyncio.get_running_loop()
    begin = loop.time()
    await us.play(bytes(160) * 40)
    # A busy loop makes up for beats it missed, MAX_BEHIND at once; all others keep their distance.
    assert loop.time() - begin >= (39 - MAX_BEHIND) * 0.02


async def test_the_line_is_never_still(pair: tuple[Media, Media]) -> None:
    _, them = pair
    await them.heard.until(lambda: len(them.heard.arrivals()) >= 10, 2)
    assert set(them.heard.alaw()) == {0xD5}


async def test_a_muted_line_is(pair: tuple[Media, Media]) -> None:
    us, them = pair
    assert not us.muted
    us.muted = True
    await them.play(bytes(160) * 3)  # a measure of time: what was on its way has arrived
    before = len(them.heard.arrivals())
    await them.play(bytes(160) * 5)
    assert len(them.heard.arrivals()) == before


async def test_keys_are_heard_and_leave_no_hole(pair: tuple[Media, Media]) -> None:
    us, them = pair
    await us.press("*0#")
    assert them.heard.digits == "*0#"
    assert them.heard.lost == 0


async def test_keys_and_voice_together(pair: tuple[Media, Media]) -> None:
    us, them = pair
    await asyncio.gather(us.play(tone(440, 0.2)), us.press("1"), them.press("2"))
    await them.heard.until(lambda: them.heard.has_tone(440), 2)
    assert (us.heard.digits, them.heard.digits) == ("2", "1")


async def test_one_wrong_key_and_none_is_pressed(pair: tuple[Media, Media]) -> None:
    us, them = pair
    with pytest.raises(ValueError):
        await us.press("12x")
    await us.play(bytes(160) * 3)
    assert them.heard.digits == ""


async def test_no_keys_take_no_time(pair: tuple[Media, Media]) -> None:
    await pair[0].press("")


async def test_keys_need_a_far_end_that_takes_them(pair: tuple[Media, Media]) -> None:
    us, them = pair
    us.towards(AudioDescription(HOST, them.port, event_type=None))
    with pytest.raises(SdpError):
        await us.press("1")


async def test_closing_ends_what_is_being_said_and_pressed(pair: tuple[Media, Media]) -> None:
    us, _ = pair
    tasks = [asyncio.create_task(us.play(bytes(800_000))), asyncio.create_task(us.press("1" * 50))]
    await asyncio.sleep(0)
    us.close()
    async with asyncio.timeout(1):
        await asyncio.gather(*tasks)
        await us.play(b"more")
        await us.press("1")


async def test_what_is_cancelled_is_not_said(pair: tuple[Media, Media]) -> None:
    us, them = pair
    task = asyncio.create_task(us.play(tone(440, 60)))
    await them.heard.until(lambda: them.heard.rms() > 1000, 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    since = asyncio.get_running_loop().time() + 0.05
    await them.heard.until(lambda: len(them.heard.arrivals(since)) >= 5, 2)
    assert them.heard.rms(since) < 10


async def test_on_hold_nothing_is_heard_and_afterwards_again(pair: tuple[Media, Media]) -> None:
    us, them = pair
    us.towards(AudioDescription(HOST, them.port, direction=Direction.SEND))
    await us.play(tone(440, 0.1))
    assert not them.heard.has_tone(440)
    us.towards(AudioDescription(HOST, them.port))
    await us.play(tone(440, 0.2))
    await them.heard.until(lambda: them.heard.has_tone(440), 2)


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\x80\x0d" + bytes(20), b"\x80\x65" + bytes(11), b"\x81\xc8" + bytes(26)]
)
async def test_stray_packets_are_counted(pair: tuple[Media, Media], data: bytes) -> None:
    us, them = pair
    assert us._transport is not None
    us._transport.sendto(data or b"\x00", (HOST, them.port))
    await us.play(bytes(160) * 3)
    assert them.stray == 1
    assert them.heard.digits == ""


async def test_nothing_is_recorded_before_the_call_has_a_shape() -> None:
    ticker = Ticker()
    us, them = await opened(ticker), await opened(ticker)
    us.towards(AudioDescription(HOST, them.port))
    await us.play(bytes(160) * 3)
    assert them.heard.arrivals() == ()
    us.close()
    them.close()
    them.towards(AudioDescription(HOST, 9))
    assert ticker._timer is None


def test_a_socket_that_was_never_opened_has_no_port() -> None:
    with pytest.raises(NotInCall):
        _ = Media(Ticker(), Recording()).port
