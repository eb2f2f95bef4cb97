"""What is measured in real time is what happened: each word once, each call heard out, the refused ones counted."""

from __future__ import annotations

from itertools import pairwise

import pytest

from asr.pool import DecodePool
from asr.utterance import Utterance
from asr.vosk_engine import VoskEngine
from bench.realtime import Speech, drive, speeches
from ivr.config import BUNDLED_MODEL
from tests.asr.engines import GatedEngine

FRAME = bytes(320)


class Reader:
    """A recogniser that has read so much with each 20 ms of sound, however many of them it gets at once."""

    name = "reader"

    def __init__(self, *reads: str, ends_after: int = 0) -> None:
        self._reads = reads
        self._ends_after = ends_after  # frames; 0: in one utterance
        self._heard = 0

    def open(self) -> Reader:
        return Reader(*self._reads, ends_after=self._ends_after)

    def accept(self, pcm: bytes) -> Utterance | None:
        self._heard += len(pcm) // len(FRAME)
        if self._ends_after and self._heard >= self._ends_after:
            text, self._reads = self._reads[0], self._reads[1:]
            self._ends_after = 0
            return Utterance(text, is_final=True)
        return Utterance(self._reads[min(self._heard, len(self._reads)) - 1], is_final=False)

    def finish(self) -> Utterance:
        return Utterance(self._reads[-1], is_final=True)


def test_a_word_is_known_when_it_stands_with_all_before_it() -> None:
    words = (("水", 0.02), ("水管", 0.04), ("水管爆", 0.08), ("水管爆了", 0.1))
    with DecodePool(Reader("谁", "谁管", "水管", "水管爆", "水管爆了"), 1, 4, 30.0) as pool:
        tally = drive(pool, [Speech(5 * FRAME, words)], lines=1, for_s=0.1)
    assert (tally.offered, tally.refused, tally.unknown_words) == (1, 0, 0)
    first, second, *_ = tally.delays_s
    assert len(tally.delays_s) == 4
    assert first - second == pytest.approx(0.02)  # of one report: 水 was taken for 谁 until then
    assert min(tally.delays_s) >= 0  # nothing is known before it was fed
    assert len(tally.lags_s) == 1
    assert tally.undecoded_s == pytest.approx(0.0)


def test_what_comes_after_the_end_of_an_utterance_stands_behind_it() -> None:
    with DecodePool(Reader("水", "管", ends_after=1), 1, 4, 30.0) as pool:
        tally = drive(pool, [Speech(2 * FRAME, (("水", 0.02), ("水管", 0.04)))], lines=1, for_s=0.1)
    assert (len(tally.delays_s), tally.unknown_words) == (2, 0)


def test_a_word_that_is_never_told_is_counted_as_such() -> None:
    with DecodePool(Reader("水"), 1, 4, 30.0) as pool:
        tally = drive(pool, [Speech(2 * FRAME, (("水", 0.02), ("水管", 0.04)))], lines=1, for_s=0.1)
    assert (len(tally.delays_s), tally.unknown_words) == (1, 1)


def test_who_is_refused_is_counted_and_comes_again_after_as_long_as_the_call_would_have_taken() -> None:
    with DecodePool(GatedEngine(), 1, 1, 30.0) as pool:
        taken = pool.open(lambda _: None)
        tally = drive(pool, [Speech(5 * FRAME, ())], lines=3, for_s=1.0)
        taken.cancel()
    assert tally.offered == tally.refused == 2 * 3  # 0.1 s of sound and half a second between calls
    assert tally.refused_share == 1.0
    assert tally.lags_s == []


def test_the_sentences_words_end_where_the_sound_does() -> None:
    for speech in speeches(VoskEngine(BUNDLED_MODEL)):
        ends = [end_s for _, end_s in speech.words]
        texts = [text for text, _ in speech.words]
        assert ends == sorted(ends)
        assert len(texts) > 10
        assert all(after.startswith(before) for before, after in pairwise(texts))
        assert ends[-1] == pytest.approx(len(speech.pcm) / 16000 - 0.25, abs=0.1)
