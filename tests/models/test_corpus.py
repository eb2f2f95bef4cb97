from pathlib import Path
from random import Random

from models.recipe.corpus import sentences, transcripts, twins, written
from models.recipe.words import cut


def test_there_are_as_many_sentences_as_asked_for_others_beside_and_two_of_each_phrase() -> None:
    text = list(sentences(40, ["水管爆裂", "跳楼"], Random(1)))
    assert len(text) == 40 + 14 + 2 * 2
    assert all(text)


def test_every_phrase_is_said() -> None:
    text = list(sentences(0, ["水管爆裂", "反复无常的邻居"], Random(1)))
    joined = ["".join(sentence) for sentence in text]
    assert sum(sentence.endswith("水管爆裂") for sentence in joined) == 2
    assert sum(sentence.endswith("反复无常的邻居") for sentence in joined) == 2


def test_a_phrase_is_cut_as_the_recogniser_knows_it() -> None:
    for sentence in sentences(0, ["水管爆裂"], Random(1)):
        assert sentence[-len(cut("水管爆裂")) :] == cut("水管爆裂")


def test_the_same_stream_gives_the_same_text() -> None:
    assert list(sentences(30, ["跳楼"], Random(2))) == list(sentences(30, ["跳楼"], Random(2)))


def test_transcripts_are_counted_twice_and_cut_without_signs() -> None:
    assert list(transcripts(["有人，抢劫！", "hello"])) == [["有人", "抢劫"]] * 2


def test_written_sentences_are_cut_without_their_signs(tmp_path: Path) -> None:
    said = tmp_path / "said.txt"
    said.write_text("有人，抢劫！\n\n我家停水了\n", encoding="utf-8")
    assert list(written([said])) == [["有人", "抢劫"], cut("我家停水了")]


def test_what_nobody_knows_how_to_speak_is_left_out(tmp_path: Path) -> None:
    said = tmp_path / "said.txt"
    said.write_text("欠我3个月工资\n打不开APP\n？？\n停电了\n", encoding="utf-8")
    assert list(written([said])) == [cut("停电了")]


def test_common_words_that_sound_like_a_phrase_are_said_as_often() -> None:
    assert "助手" in twins(["住手", "水管爆裂"])
    assert "助手" not in twins(["住手", "助手"])  # a phrase itself
    assert twins(["的"]) == []
    said = ["".join(sentence) for sentence in sentences(0, ["住手"], Random(1))]
    assert sum(sentence.endswith("助手") for sentence in said) == 2
