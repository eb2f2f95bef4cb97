"""The caller's turn by the clock."""

from __future__ import annotations

import numpy as np
import pytest

from asr.g711 import alaw_decode, alaw_encode
from ivr.turn import GAP_S, Turn
from tests.ivr.conftest import Say

FRAME = 320


def test_a_voice_is_counted_while_it_lasts(say: Say) -> None:
    turn, now, longest = Turn(0.0), 0.0, 0.0
    pcm = bytes(16_000) + say("我家水管爆了") + bytes(16_000)
    for at in range(0, len(pcm), FRAME):
        now += 0.02
        longest = max(longest, turn.hear(pcm[at : at + FRAME], now))
    assert longest > 0.2
    assert turn.hear(bytes(FRAME), now) == 0.0
    assert not turn.speaks(now)
    assert 1.0 < turn.quiet_since < now - 0.5


def test_no_audio_is_silence(say: Say) -> None:
    turn, now = Turn(0.0), 0.0
    pcm = bytes(16_000) + say("我家水管爆了")
    for at in range(0, len(pcm), FRAME):
        now += 0.02
        turn.hear(pcm[at : at + FRAME], now)
        if turn.speaks(now):
            break
    assert turn.speaks(now + GAP_S / 2)
    assert not turn.speaks(now + GAP_S)


def test_a_new_turn_begins_in_silence_unless_the_caller_spoke() -> None:
    turn = Turn(0.0)
    assert (turn.has_voice, turn.quiet_since) == (False, 0.0)
    turn.begin(5.0, spoke_already=True)
    assert (turn.has_voice, turn.quiet_since) == (True, 5.0)
    turn.begin(9.0, spoke_already=False)
    assert (turn.has_voice, turn.quiet_since) == (False, 9.0)


def test_words_tell_of_a_voice_that_was_too_faint_to_be_heard() -> None:
    turn = Turn(0.0)
    turn.note_words(3.0)
    assert turn.has_voice
    assert 2.5 < turn.quiet_since < 3.0
    turn.note_words(1.0)
    assert turn.quiet_since > 2.5, "words that come late do not turn back the clock"


@pytest.mark.parametrize(("softer_db", "faint"), [(0, False), (20, False), (40, True)])
def test_who_is_understood_and_hardly_heard_is_faint(say: Say, softer_db: float, *, faint: bool) -> None:
    text = "我家水管爆了水流得到处都是"
    samples = np.frombuffer(say(text), "<i2") * 10 ** (-softer_db / 20)
    line = alaw_decode(alaw_encode(np.rint(samples).astype(np.int16))).astype("<i2").tobytes()
    turn, now = Turn(0.0), 0.0
    for at in range(0, len(line), FRAME):
        now += 0.02
        turn.hear(line[at : at + FRAME], now)
    assert turn.is_faint(len(text)) is faint


def test_who_says_nothing_is_not_faint() -> None:
    assert not Turn(0.0).is_faint(0)
