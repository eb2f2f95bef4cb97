"""The recipe of the second opinion: what is taught, and that teaching it again gives what is shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from triage.errors import InputFileError
from triage.lexicon import load_lexicon
from triage.second_opinion.model import DEFAULT_FILE, SecondOpinion
from triage.second_opinion.sentences import load_sentences
from triage.sounds import sound_table
from triage.spoken_text import fold

pytest.importorskip("sklearn", reason="the recipe's packages are not installed (make install-recipe)")

from triage.second_opinion.training import Lesson, lessons, train, write


def test_the_sentences_stand_once_and_on_one_side() -> None:
    sentences = load_sentences()
    assert len({s.text for s in sentences}) == len(sentences)
    assert sum(s.is_police for s in sentences) > 1500
    assert sum(not s.is_police for s in sentences) > 1500


def test_a_sentence_on_both_sides_is_refused(tmp_path: Path) -> None:
    (tmp_path / "minsheng.txt").write_text("停水了\n停电了\n", encoding="utf-8")
    (tmp_path / "police.txt").write_text("有人打架\n停电了\n", encoding="utf-8")
    with pytest.raises(InputFileError, match=r"police\.txt.*2.*停电了"):
        load_sentences(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no sentences"):
        load_sentences(tmp_path)


def test_a_small_model_learns_and_comes_back_from_its_file(tmp_path: Path) -> None:
    taught = [
        Lesson(f"{who}水管{how}", is_police=False, weight=1)
        for who in "我你他她"
        for how in ("漏", "坏", "堵", "裂")
    ]
    taught += [
        Lesson(f"{who}不醒{how}", is_police=True, weight=1)
        for who in "我你他她"
        for how in ("了", "啊", "呀", "吧")
    ]
    table = sound_table()
    learned = train(taught, table)
    assert learned.judge("水管").log_odds < 0 < learned.judge("不醒").log_odds
    file = tmp_path / "weights.tsv"
    assert write(taught, table, file, ["a note"]) > 4
    again = SecondOpinion.load(table, file)
    assert again.judge("水管不").log_odds == pytest.approx(learned.judge("水管不").log_odds, abs=0.05)
    assert file.read_text(encoding="utf-8").startswith("# a note\n")


def test_every_sentence_is_taught_twice_once_framed_and_misheard_and_the_phrases_lightly() -> None:
    sentences, lexicon = load_sentences()[:50], load_lexicon()
    taught = lessons(sentences, lexicon)
    assert [lesson.weight for lesson in taught[:100]] == [1.0] * 50 + [0.5] * 50
    assert all(one.text != other.text for one, other in zip(taught[:50], taught[50:100], strict=True))
    assert {lesson.weight for lesson in taught[100:]} == {0.3}
    assert len(taught) > 2000
    assert taught == lessons(sentences, lexicon), "the same every time"


@pytest.mark.nightly
def test_training_again_gives_much_the_same_opinion(tmp_path: Path) -> None:
    """Numbers differ a little between machines, and with every phrase that the lexicon gets."""
    file, table = tmp_path / "weights.tsv", sound_table()
    sentences = load_sentences()
    write(lessons(sentences, load_lexicon()), table, file, [])
    made, shipped = SecondOpinion.load(table, file), SecondOpinion.load(table, DEFAULT_FILE)
    told = [fold(sentence.text).letters for sentence in sentences]
    same = sum((made.judge(text).log_odds > 0) == (shipped.judge(text).log_odds > 0) for text in told)
    assert same / len(told) > 0.99
