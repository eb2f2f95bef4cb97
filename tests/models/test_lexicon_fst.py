import kaldifst

from models.recipe.lexicon import pronunciations
from models.recipe.lexicon_fst import _marked, lexicon_fst
from models.recipe.phones import PHONES, SILENCE_PHONE, spell

_LEXICON = pronunciations(["他", "她", "报警", "报", "着火", "还"])
_NUMBERS = {word: number for number, word in enumerate(sorted(_LEXICON), start=1)}


def _paths(symbols: tuple[int, ...]) -> set[tuple[int, ...]]:
    """Give the word numbers along every path that reads these phones (marks and silence may stand anywhere)."""
    fst = lexicon_fst(_LEXICON, _NUMBERS)
    found: set[tuple[int, ...]] = set()
    waiting: list[tuple[int, int, tuple[int, ...]]] = [(fst.start, 0, ())]
    while waiting:
        state, at, words = waiting.pop()
        if at == len(symbols) and float(fst.final(state).value) != float("inf"):
            found.add(words)
        for arc in kaldifst.ArcIterator(fst, state):
            said = (*words, arc.olabel) if arc.olabel else words
            if arc.ilabel == 0 or arc.ilabel > PHONES or arc.ilabel == SILENCE_PHONE:
                waiting.append((arc.nextstate, at, said))
            elif at < len(symbols) and arc.ilabel == symbols[at]:
                waiting.append((arc.nextstate, at + 1, said))
    return found


def _phones(word: str, which: int = 0) -> tuple[int, ...]:
    return spell(_LEXICON[word][which])


def test_every_word_is_read_by_its_phones() -> None:
    for word, sounds in _LEXICON.items():
        for which in range(len(sounds)):
            assert (_NUMBERS[word],) in _paths(_phones(word, which))


def test_homophones_are_both_read() -> None:
    assert _paths(_phones("他")) == {(_NUMBERS["他"],), (_NUMBERS["她"],)}


def test_words_follow_one_another() -> None:
    assert (_NUMBERS["报警"], _NUMBERS["着火"]) in _paths(_phones("报警") + _phones("着火"))


def test_half_a_word_is_not_a_word() -> None:
    assert _paths(_phones("着火")[:2]) == set()


def test_marks_make_it_deterministic() -> None:
    fst = lexicon_fst(_LEXICON, _NUMBERS)
    kaldifst.determinize_star(fst)
    for state in range(fst.num_states):
        symbols = [arc.ilabel for arc in kaldifst.ArcIterator(fst, state)]
        assert len(set(symbols)) == len(symbols)


def test_equal_spellings_are_numbered_and_others_are_not() -> None:
    assert [mark for _, mark in _marked([(1, 2), (3,), (1, 2), (4, 5)])] == [1, 0, 2, 0]


def test_a_spelling_that_begins_another_is_marked() -> None:
    assert [mark for _, mark in _marked([(1,), (1, 2), (1, 2, 3)])] == [1, 1, 0]
