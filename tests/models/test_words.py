from random import Random

import pytest

from models.recipe.units import INITIALS, syllables
from models.recipe.words import RandomWords, cut, frequencies, is_chinese, most_frequent


def test_cutting_keeps_every_character() -> None:
    text = "我家水管爆裂了水都流到马路上了"
    assert "".join(cut(text)) == text


def test_cutting_finds_words() -> None:
    assert {"水管", "爆裂"} <= set(cut("我家水管爆裂了"))


def test_cutting_is_the_same_every_time_and_guesses_no_words() -> None:
    assert cut("尉迟恭喜欢井盖") == cut("尉迟恭喜欢井盖")
    assert all(word in frequencies() or len(word) == 1 for word in cut("阳光小区幺三八栋没有燃气"))


def test_frequencies_are_of_short_chinese_words() -> None:
    counts = frequencies()
    assert len(counts) > 100_000
    assert all(is_chinese(word) and len(word) <= 4 for word in counts)
    assert counts["我们"] > counts["井盖"]


def test_the_most_frequent_words_come_first() -> None:
    words = most_frequent(50)
    counts = [frequencies()[word] for word in words]
    assert counts == sorted(counts, reverse=True)
    assert "的" in words


@pytest.mark.parametrize(
    ("text", "chinese"), [("警察", True), ("", False), ("abc", False), ("警察1", False), ("，", False)]
)
def test_is_chinese(text: str, chinese: bool) -> None:  # noqa: FBT001
    assert is_chinese(text) is chinese


def test_random_words_are_words_in_clauses() -> None:
    salad = RandomWords(Random(1))
    for _ in range(200):
        clauses = salad.write()
        assert 2 <= sum(map(len, clauses)) <= 12
        assert all(clause and all(word in frequencies() for word in clause) for clause in clauses)


def test_random_words_reach_every_initial() -> None:
    salad = RandomWords(Random(2))
    words = {word for _ in range(300) for clause in salad.write() for word in clause}
    assert set(INITIALS) <= {one.units[0] for word in words for one in syllables(word) or ()}


def test_random_words_repeat_with_their_seed() -> None:
    one, other = RandomWords(Random(9)), RandomWords(Random(9))
    assert [one.write() for _ in range(20)] == [other.write() for _ in range(20)]


def test_debris_of_other_encodings_is_no_word() -> None:
    assert not set("鐨鍙锛銆紝涓浜") & set(frequencies())
    assert set("的了在一刀抢") <= set(frequencies())
