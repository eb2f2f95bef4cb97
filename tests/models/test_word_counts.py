from hypothesis import given
from hypothesis import strategies as st

from models.recipe.word_counts import BEGIN, END, count

_VOCABULARY = frozenset("我你他要来")


def test_words_pairs_and_triples() -> None:
    counts = count([["我", "要"], ["我", "来"]], _VOCABULARY)
    assert counts.words == {"我": 2, "要": 1, "来": 1, END: 2}
    assert counts.pairs[BEGIN] == {"我": 2}
    assert counts.pairs["我"] == {"要": 1, "来": 1}
    assert counts.triples[BEGIN, "我"] == {"要": 1, "来": 1}
    assert counts.triples["我", "要"] == {END: 1}


def test_nothing_is_counted_across_a_word_that_cannot_be_heard() -> None:
    counts = count([["我", "甲", "要", "来"]], _VOCABULARY)
    assert "要" not in counts.pairs["我"]
    assert counts.words["甲"] == 0
    assert counts.pairs["要"] == {"来": 1}
    assert ("甲", "要") not in counts.triples


def test_an_empty_sentence_is_an_end_after_a_beginning() -> None:
    counts = count([[]], _VOCABULARY)
    assert counts.pairs[BEGIN] == {END: 1}
    assert not counts.triples


@given(st.lists(st.lists(st.sampled_from("我你他要来"), max_size=6), max_size=10))
def test_pairs_are_as_many_as_words(sentences: list[list[str]]) -> None:
    counts = count(sentences, _VOCABULARY)
    assert counts.words.total() == sum(len(sentence) + 1 for sentence in sentences)
    assert sum(following.total() for following in counts.pairs.values()) == counts.words.total()
    assert sum(following.total() for following in counts.triples.values()) == sum(map(len, sentences))
