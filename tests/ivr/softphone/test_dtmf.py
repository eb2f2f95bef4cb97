import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.softphone import dtmf
from ivr.softphone.dtmf import DIGITS, END_PACKETS, KeyEvent, KeyReceiver
from ivr.softphone.errors import RtpParseError


@given(st.integers(0, 255), st.integers(0, 65535), st.booleans(), st.integers(0, 63))
def test_an_event_is_read_back(code: int, duration: int, end: bool, volume: int) -> None:  # noqa: FBT001 - hypothesis
    event = KeyEvent(code, duration, end, volume)
    assert dtmf.parse(event.serialise()) == event


@given(st.binary(max_size=8))
def test_no_bytes_raise_anything_else(payload: bytes) -> None:
    if len(payload) < 4:
        with pytest.raises(RtpParseError):
            dtmf.parse(payload)
    else:
        assert dtmf.parse(payload).code == payload[0]


@pytest.mark.parametrize("digit", DIGITS)
def test_a_press_lasts_100_ms_and_ends_three_times(digit: str) -> None:
    events = list(dtmf.press(digit))
    assert {event.digit for event in events} == {digit}
    assert [event.duration for event in events] == [160, 320, 480, 640, 800, 800, 800]
    assert [event.end for event in events] == [False] * 4 + [True] * END_PACKETS


def test_letters_may_be_small() -> None:
    assert next(dtmf.press("a")).digit == "A"


@pytest.mark.parametrize("digit", ["", "x", "12", "１", " "])
def test_what_is_no_key_is_refused(digit: str) -> None:
    with pytest.raises(ValueError):
        dtmf.press(digit)


def test_an_event_that_is_no_key_has_no_digit() -> None:
    assert KeyEvent(16, 160).digit == ""


@given(st.lists(st.sampled_from(DIGITS), min_size=1, max_size=8), st.data())
def test_each_press_is_heard_once_whatever_is_lost(digits: list[str], data: st.DataObject) -> None:
    receiver, heard = KeyReceiver(), ""
    for press, digit in enumerate(digits):
        events = list(dtmf.press(digit))
        arrived = data.draw(st.lists(st.sampled_from(events), min_size=1, max_size=10))
        for event in arrived:
            heard += receiver.accept(1, press * 1600, event)
    assert heard == "".join(digits)


def test_another_stream_is_another_press() -> None:
    receiver = KeyReceiver()
    assert receiver.accept(1, 0, KeyEvent(5, 160)) == "5"
    assert receiver.accept(1, 0, KeyEvent(5, 320)) == ""
    assert receiver.accept(2, 0, KeyEvent(5, 160)) == "5"
