from pathlib import Path
from random import Random

import pytest

from models.recipe.errors import StageError
from models.recipe.exam import IDLE, SETS, _unseen, hand_written, record
from models.recipe.heldout import HELD_OUT_VOICES, TRAINING_VOICES
from models.recipe.recording import Recording
from models.recipe.sentences import Sentences
from models.recipe.units import syllables
from models.recipe.words import cut


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Recording]:
    folder = tmp_path_factory.mktemp("data")
    (folder / "shard-000.txt").write_text("我要报警，着火了\n", encoding="utf-8")
    return record(folder, 2, 1)


def test_every_set_has_its_recordings(recordings: list[Recording]) -> None:
    names = [recording.set_name for recording in recordings]
    assert [names.count(exam.name) for exam in SETS] == [2] * len(SETS)
    assert names.count(IDLE) == 2


def test_recordings_are_16_bit_speech_of_seconds(recordings: list[Recording]) -> None:
    for recording in recordings:
        assert 0.9 * 16_000 < len(recording.pcm) < 40 * 16_000
        assert "，" not in recording.text


def test_idle_lines_say_nothing(recordings: list[Recording]) -> None:
    assert all((recording.text == "") == (recording.set_name == IDLE) for recording in recordings)


def test_the_same_seed_reads_the_same_sentences(tmp_path: Path, recordings: list[Recording]) -> None:
    (tmp_path / "shard-000.txt").write_text("我要报警，着火了\n", encoding="utf-8")
    assert [again.text for again in record(tmp_path, 2, 1)] == [recording.text for recording in recordings]


def test_sentences_of_the_training_are_left_out() -> None:
    ahead = Sentences(Random(3))
    trained = {"，".join(ahead.write()) for _ in range(40)}
    found = _unseen(Sentences(Random(3)), trained, 20)
    assert len(found) == 20
    assert not trained & {"，".join(clauses) for clauses in found}


def test_sentences_too_short_to_tell_anything_are_left_out() -> None:
    assert all(sum(map(len, clauses)) >= 6 for clauses in _unseen(Sentences(Random(3)), set(), 60))


def test_without_training_data_there_is_no_exam(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="data stage"):
        record(tmp_path, 1, 1)


def test_held_out_sets_are_read_by_held_out_voices_only() -> None:
    for exam in SETS:
        expected = TRAINING_VOICES if "training" in exam.name else HELD_OUT_VOICES
        assert exam.voices == expected
        assert (exam.level > 1) == exam.name.endswith("noisy")


def test_hand_written_sentences_can_be_spoken() -> None:
    sentences = hand_written()
    assert len(sentences) == 50
    for clauses in sentences:
        assert all(syllables(word) for clause in clauses for word in cut(clause)), clauses
