"""The figures, by hand-made examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asr.evaluation.keywords import Keywords
from asr.evaluation.lines import LINES
from asr.evaluation.score import Score

WORDS = Keywords(["抢劫", "着火", "水管", "水管爆了"])


def test_of_overlapping_words_the_longest_counts() -> None:
    assert WORDS.count("我家水管爆了水管") == {"水管爆了": 1, "水管": 1}
    assert WORDS.count("") == {}


def test_words_are_taken_from_lists_and_folders(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("phrases: [抢劫, 救命]  # 说明\n# 全是说明\n", encoding="utf-8")
    (tmp_path / "words.txt").write_text("着火\n", encoding="utf-8")
    for path, known, unknown in (
        (tmp_path, "抢劫救命", "说明着火"),
        (tmp_path / "words.txt", "着火", "抢劫"),
    ):
        words = Keywords.of(path)
        assert words is not None
        assert words.count(known)
        assert not words.count(unknown)


def test_without_any_word_there_are_no_keywords(tmp_path: Path) -> None:
    assert Keywords.of(tmp_path) is None


def score(*pairs: tuple[str, str]) -> Score:
    one = Score("clean")
    for said, heard in pairs:
        one.add(said, heard, (WORDS.count(said), WORDS.count(heard)))
    one.seconds = 30.0 * len(pairs)
    return one


def test_errors_and_keywords_are_counted() -> None:
    one = score(("我被抢劫了", "我被抢劫了"), ("楼上着火了", "楼上找货了"), ("没事", "没事着火"))
    assert (one.clips, one.right_clips, one.characters, one.wrong_characters) == (3, 1, 12, 4)
    assert one.character_error_rate == pytest.approx(1 / 3)
    assert (one.recall, one.precision) == (0.5, 0.5)
    assert one.false_alarms_a_minute == pytest.approx(1 / 1.5)


def test_nothing_spoken_has_no_shares() -> None:
    one = score(("", "着火"))
    assert (one.character_error_rate, one.recall, one.precision) == (None, None, 0.0)
    assert one.as_json()["character_error_rate"] is None
    assert Score("clean").as_json()["real_time_factor"] == 0.0


@pytest.mark.parametrize(("name", "ratio_db"), [("20 dB", 20), ("10 dB", 10), ("5 dB", 5)])
def test_noise_has_the_loudness_that_its_name_says(name: str, ratio_db: float) -> None:
    line = next(line for line in LINES if line.name == name)
    speech = (3000 * np.sin(np.arange(40_000) / 4)).astype(np.int16)
    noise = line.carry(speech, np.random.default_rng(1)).astype(float) - speech
    ratio = 10 * np.log10(np.mean(speech.astype(float) ** 2) / np.mean(noise**2))
    assert ratio == pytest.approx(ratio_db, abs=0.5)


def test_every_line_carries_silence_and_nothing_and_is_the_same_again() -> None:
    speech = (3000 * np.sin(np.arange(800) / 4)).astype(np.int16)
    for line in LINES:
        assert len(line.carry(speech[:0], np.random.default_rng(1))) == 0
        assert not np.abs(line.carry(np.zeros(80, np.int16), np.random.default_rng(1))).max() > 8
        once, again = (line.carry(speech, np.random.default_rng(1)) for _ in range(2))
        assert np.array_equal(once, again)
