"""Our own prompt coming back is no caller; a caller who speaks while it plays is one."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pytest

from asr.g711 import alaw_decode, alaw_encode
from ivr.prompts import Prompts
from ivr.turn import Turn
from tests.ivr.conftest import Say

FRAME = 320
BARGE_IN_S = 0.2
Sound = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def greeting() -> bytes:
    return Prompts.load()["greeting"]


def samples(pcm: bytes) -> Sound:
    return np.frombuffer(pcm, "<i2").astype(np.float64)


def line(*sounds: tuple[float, Sound], seconds: float) -> bytes:
    """What comes from the line: sounds from their moments on, in a faint noise, through A-law."""
    mixed = np.random.default_rng(110).normal(0.0, 40.0, round(seconds * 8000))  # -58 dB
    for at_s, sound in sounds:
        at = round(at_s * 8000)
        room = len(mixed) - at
        mixed[at : at + len(sound)] += sound[:room]
    pcm = np.clip(np.round(mixed), -32768, 32767).astype("<i2")
    return alaw_decode(alaw_encode(pcm)).astype("<i2").tobytes()


def barge_in_s(heard: bytes, played: bytes) -> float | None:
    """When the caller is taken to speak, in seconds; None for never."""
    turn = Turn(0.0)
    for number in range(len(heard) // FRAME):
        here = slice(number * FRAME, (number + 1) * FRAME)
        if turn.hear(heard[here], number * 0.02, played[here]) >= BARGE_IN_S:
            return number * 0.02
    return None


@pytest.mark.parametrize(("weaker_db", "late_s"), list(product((8, 14, 20), (0.05, 0.12, 0.24))))
def test_an_echo_is_no_caller(greeting: bytes, weaker_db: float, late_s: float) -> None:
    back = samples(greeting) * 10 ** (-weaker_db / 20)
    heard = line((late_s, back), seconds=len(greeting) / 16000 + 1.0)
    assert barge_in_s(heard, b"") is not None, "it sounds like a voice"
    assert barge_in_s(heard, greeting) is None


def test_a_caller_over_the_echo_is_heard(greeting: bytes, say: Say) -> None:
    back = samples(greeting) * 0.1
    heard = line((0.1, back), (1.0, samples(say("我家水管爆了"))), seconds=4.0)
    at = barge_in_s(heard, greeting)
    assert at is not None
    assert 1.0 < at < 2.5


def test_an_echo_becomes_silence_and_a_caller_in_it_loses_no_syllable(greeting: bytes, say: Say) -> None:
    back, voice = samples(greeting) * 0.1, samples(say("我家水管爆了"))
    heard = line((0.1, back), (1.8, voice), seconds=4.0)
    turn, audible = Turn(0.0), b""
    for number in range(len(heard) // FRAME):
        here = slice(number * FRAME, (number + 1) * FRAME)
        turn.hear(heard[here], number * 0.02, greeting[here])
        audible += turn.audible
    assert len(audible) == len(heard), "not a moment more or less"
    said = slice(round(1.8 * 16000), round(1.8 * 16000) + 2 * len(voice))
    assert audible[said] == heard[said]
    before = slice(round(0.8 * 16000), round(1.1 * 16000))
    assert np.abs(samples(audible[before])).max() == 0
    assert np.abs(samples(heard[before])).max() > 100, "the greeting came back there"


@pytest.mark.parametrize("at_s", [0.2, 0.5, 1.0, 1.6])
def test_without_an_echo_a_caller_is_heard_as_soon_as_before(greeting: bytes, say: Say, at_s: float) -> None:
    heard = line((at_s, samples(say("喂你好我要报警"))), seconds=4.0)
    before, at = barge_in_s(heard, b""), barge_in_s(heard, greeting)
    assert before is not None
    assert at is not None
    assert at <= before + 0.5


def test_where_nothing_plays_nothing_is_an_echo(say: Say) -> None:
    turn = Turn(0.0)
    pcm = say("我家水管爆了")
    for number in range(len(pcm) // FRAME):
        turn.hear(pcm[number * FRAME : (number + 1) * FRAME], number * 0.02)
    assert turn.voice_s > 0.5
    assert turn.note_words(5.0)
    assert turn.has_voice


def test_the_words_of_an_echo_are_not_the_callers(greeting: bytes) -> None:
    turn, now = Turn(0.0), 0.0
    heard = line((0.1, samples(greeting) * 0.1), seconds=len(greeting) / 16000 + 0.5)
    for number in range(len(heard) // FRAME):
        here = slice(number * FRAME, (number + 1) * FRAME)
        now = number * 0.02
        turn.hear(heard[here], now, greeting[here])
    assert not turn.note_words(now + 0.2)
    assert (turn.has_voice, turn.voice_s) == (False, 0.0)
    assert turn.note_words(now + 5.0), "and long after it, words are"
