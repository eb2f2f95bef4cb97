"""The figures, by hand-made examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asr.errors import KeywordsUnreadable
from asr.evaluation.keywords import Keywords, letters
from asr.evaluation.lines import LINES
from asr.evaluation.operating_point import CONFIDENCES, OperatingPoint
from asr.evaluation.score import Score
from asr.utterance import UNKNOWN, Word

WORDS = Keywords(["抢劫", "着火", "水管", "水管爆了"])


def test_of_overlapping_words_the_longest_counts() -> None:
    assert WORDS.count("我家水管爆了水管") == {"水管爆了": 1, "水管": 1}
    assert WORDS.count("") == {}


def test_words_are_taken_from_lists_and_folders(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "label: 电话\nrules:\n  - {phrases: [抢劫, 救命], weight: 0.8}  # 说明\n  - {phrases: [有人], weight: 0.5}\n"
        "  - {together: [[后面], [跟着]], weight: 1.0}\n",
        encoding="utf-8",
    )
    (tmp_path / "words.txt").write_text("着火\n", encoding="utf-8")
    for path, known, unknown in (
        (tmp_path, "抢劫救命", "说明着火有人后面跟着电话"),
        (tmp_path / "words.txt", "着火", "抢劫"),
    ):
        words = Keywords.of(path)
        assert words is not None
        assert words.count(known)
        assert not words.count(unknown)


@pytest.mark.parametrize("content", ["rules: [{phrases: [抢劫]", "抢劫", "phrases: [抢劫]", "rules: [抢劫]"])
def test_a_lexicon_that_is_none_is_said_to_be(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(KeywordsUnreadable, match=r"(?s)a\.yaml.*--keywords"):
        Keywords.of(tmp_path)


def test_without_any_word_there_are_no_keywords(tmp_path: Path) -> None:
    assert Keywords.of(tmp_path) is None


def words(*heard: tuple[str, float]) -> list[Word]:
    return [Word(text, 0.0, 0.0, confidence) for text, confidence in heard]


def test_signs_are_not_spoken() -> None:
    assert letters("快来人，有 人_抢劫！") == "快来人有人抢劫"


def test_a_keyword_is_as_sure_as_the_least_sure_word_that_it_spans() -> None:
    heard = words(("我家", 0.1), ("水管", 0.9), ("爆", 0.4), ("了", 0.6), ("抢劫", 0.7), ("水管", 0.2))
    assert WORDS.heard(heard) == [("水管爆了", 0.4), ("抢劫", 0.7), ("水管", 0.2)]


def test_a_keyword_inside_a_word_and_across_an_unknown_one() -> None:
    assert WORDS.heard(words(("被抢劫了", 0.8))) == [("抢劫", 0.8)]
    assert WORDS.heard(words(("着", 0.8), (UNKNOWN, 0.0), ("火", 0.9))) == [("着火", 0.8)]
    assert WORDS.heard(words(("着，", 0.3), ("火", 0.9))) == [("着火", 0.3)]
    assert WORDS.heard([]) == []


def test_an_operating_point_counts_what_is_sure_enough() -> None:
    points = [OperatingPoint(confidence) for confidence in (0.0, 0.5, 0.9)]
    for point in points:
        point.add(WORDS.count("抢劫着火"), [("抢劫", 0.5), ("着火", 0.49), ("水管", 0.95)], 30.0)
        point.add(WORDS.count("水管"), [("水管", 0.9), ("水管", 0.6)], 30.0)
    figures = [(p.recall, p.precision, p.false_alarms_a_minute) for p in points]
    assert figures == [(1.0, 0.6, 2.0), (2 / 3, 0.5, 2.0), (1 / 3, 0.5, 1.0)]


def test_the_aim_is_seven_of_ten_and_one_false_alarm_a_minute() -> None:
    for found, heard, reaches in ((7, 8, True), (6, 6, False), (7, 9, False), (10, 11, True)):
        point = OperatingPoint(0.5, said=10, found=found, heard=heard, seconds=60.0)
        assert point.reaches_the_aim is reaches


def test_nothing_said_reaches_no_aim() -> None:
    assert not OperatingPoint(0.9, seconds=60.0).reaches_the_aim


def score(*pairs: tuple[str, str]) -> Score:
    one = Score("clean")
    for said, heard in pairs:
        one.add(said, heard, 30.0, WORDS.count(said), WORDS.heard(words((heard, 0.6))))
    return one


def test_errors_and_keywords_are_counted() -> None:
    one = score(("我被抢劫了", "我被抢劫了"), ("楼上着火了", "楼上找货了"), ("没事", "没事着火"))
    assert (one.clips, one.right_clips, one.characters, one.wrong_characters) == (3, 1, 12, 4)
    assert one.character_error_rate == pytest.approx(1 / 3)
    assert (one.keywords.recall, one.keywords.precision) == (0.5, 0.5)
    assert one.keywords.false_alarms_a_minute == pytest.approx(1 / 1.5)


def test_the_figures_by_confidence_in_json() -> None:
    told = score(("我被抢劫了", "我被抢劫了")).as_json()
    points = told["operating_points"]
    assert isinstance(points, list)
    assert [point["confidence"] for point in points] == list(CONFIDENCES)
    assert [point["keyword_recall"] for point in points] == [1.0, 1.0, 1.0, 0.0, 0.0]
    assert [point["keyword_precision"] for point in points] == [1.0, 1.0, 1.0, None, None]
    assert {name: told[name] for name in points[0] if name != "confidence"} == {
        name: figure for name, figure in points[0].items() if name != "confidence"
    }


def test_nothing_spoken_has_no_shares() -> None:
    one = score(("", "着火"))
    assert (one.character_error_rate, one.keywords.recall, one.keywords.precision) == (None, None, 0.0)
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
