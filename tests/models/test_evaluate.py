from collections.abc import Callable
from pathlib import Path

import pytest
import vosk
from hypothesis import given
from hypothesis import strategies as st

from models.recipe.evaluate import Score, _score, distance, evaluate, transcribe
from models.recipe.recording import Recording

_TEXTS = st.text("甲乙丙", max_size=8)
BUNDLED = Path(__file__).parents[2] / "models" / "bundled"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("", "", 0),
        ("报警", "报警", 0),
        ("报警", "", 2),
        ("", "报", 1),
        ("我要报警", "我报井", 2),
        ("甲乙", "乙甲", 2),
    ],
)
def test_distances(one: str, other: str, expected: int) -> None:
    assert distance(one, other) == expected


@given(_TEXTS, _TEXTS)
def test_distance_is_symmetric_and_bounded(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))
    assert (distance(one, other) == 0) == (one == other)


@given(_TEXTS, _TEXTS, _TEXTS)
def test_distance_keeps_the_triangle(one: str, other: str, third: str) -> None:
    assert distance(one, third) <= distance(one, other) + distance(other, third)


def test_a_score_counts_characters_and_syllables_apart() -> None:
    heard = [
        (Recording("set", "他报警", b"\0" * 16_000), "她报警", 0.5),  # another character, the same syllable
        (Recording("set", "着火了", b"\0" * 16_000), "着火了", 0.25),
        (Recording("set", "停电", b"\0" * 32_000), "停点啊", 0.25),
    ]
    score = _score("set", heard)
    assert (score.sentences, score.right_sentences, score.characters) == (3, 1, 8)
    assert score.wrong_characters == 3
    assert score.wrong_syllables == 1
    assert score.character_error_rate == pytest.approx(3 / 8)
    assert score.syllable_error_rate == pytest.approx(1 / 8)
    assert score.seconds == pytest.approx(4.0)
    assert score.cpu_seconds == pytest.approx(1.0)


def test_a_set_without_speech_has_no_rates() -> None:
    score = _score(
        "idle", [(Recording("idle", "", b"\0\0"), "", 0.0), (Recording("idle", "", b"\0\0"), "二", 0.0)]
    )
    assert (score.right_sentences, score.characters, score.wrong_characters) == (1, 0, 1)
    with pytest.raises(ZeroDivisionError):
        _ = score.character_error_rate


def test_a_real_model_is_scored_set_by_set(recording: Callable[[str, str], Recording]) -> None:
    recordings = [
        recording("fire", "着火了"),
        recording("water", "水管爆裂了"),
        recording("fire", "快来救火"),
    ]
    ticks: list[int] = []
    mistakes: list[tuple[str, str]] = []
    scores = evaluate(
        BUNDLED, recordings, lambda: ticks.append(1), lambda r, heard: mistakes.append((r.text, heard))
    )
    assert [score.name for score in scores] == ["fire", "water"]
    assert [score.sentences for score in scores] == [2, 1]
    assert len(ticks) == 3
    assert sum(score.sentences - score.right_sentences for score in scores) == len(mistakes)
    assert all(isinstance(score, Score) and score.cpu_seconds > 0 for score in scores)


def test_transcripts_have_no_spaces(recording: Callable[[str, str], Recording]) -> None:
    vosk.SetLogLevel(-1)
    heard = transcribe(vosk.Model(str(BUNDLED)), recording("set", "喂，我们小区停水了，什么时候来水").pcm)
    assert heard
    assert " " not in heard
