"""libvosk's answers, good and bad."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.utterance import UNKNOWN, Word
from asr.vosk_json import Heard, agreeing, parse, parse_guesses

FINAL = """{
  "result" : [{
      "conf" : 0.969095,
      "end" : 0.480000,
      "start" : 0.000000,
      "word" : "有人"
    }, {
      "conf" : 1.000000,
      "end" : 1.200000,
      "start" : 0.480000,
      "word" : "抢劫"
    }],
  "text" : "有人 抢劫"
}"""


def final(answer: str) -> Heard | None:
    return parse(answer, text="text", words="result")


def test_a_final_answer() -> None:
    assert final(FINAL) == Heard(
        ("有人", "抢劫"), (Word("有人", 0.0, 0.48, 0.969095), Word("抢劫", 0.48, 1.2, 1.0))
    )


def test_a_partial_answer_without_words() -> None:
    assert parse('{"partial" : "有人 抢"}', text="partial", words="partial_result") == Heard(("有人", "抢"))


@pytest.mark.parametrize("answer", ["", "{", "[]", "null", '"text"', '{"text": "水"', "\x00", "[" * 100_000])
def test_what_is_no_answer(answer: str) -> None:
    assert final(answer) is None


@pytest.mark.parametrize(
    "answer", ["{}", '{"text": ""}', '{"text": 5, "result": "x"}', '{"result": [1, null]}']
)
def test_an_empty_answer(answer: str) -> None:
    assert final(answer) == Heard()


@pytest.mark.parametrize(
    ("conf", "confidence"), [("NaN", 0.0), ("-0.2", 0.0), ("1.00001", 1.0), ('"x"', 0.0), ("true", 0.0)]
)
def test_a_confidence_out_of_range_is_brought_back(conf: str, confidence: float) -> None:
    heard = final(f'{{"text": "水", "result": [{{"word": "水", "start": 0, "end": 1, "conf": {conf}}}]}}')
    assert heard is not None
    assert heard.words == (Word("水", 0.0, 1.0, confidence),)


def test_c_plus_plus_nan_is_no_json() -> None:
    assert final('{"text": "水", "result": [{"word": "水", "start": 0, "end": 1, "conf": -nan}]}') is None


@pytest.mark.parametrize("spelling", ["[unk]", "<unk>", "<UNK>", "<SPOKEN_NOISE>"])
def test_every_spelling_of_unknown_is_one(spelling: str) -> None:
    entry = {"word": spelling, "start": 1, "end": 2, "conf": 0.9}
    heard = final(json.dumps({"text": f"水 {spelling}", "result": [entry]}))
    assert heard == Heard(("水", UNKNOWN), (Word(UNKNOWN, 1.0, 2.0, 0.0),))


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"word": "", "start": 0, "end": 1},
        {"word": " ", "start": 0, "end": 1},
        {"word": "水"},
        {"word": "水", "start": "0", "end": 1},
        {"word": 5, "start": 0, "end": 1},
        {"word": "水", "start": float("inf"), "end": 1},
        {"word": "水", "start": 10**400, "end": 1},
    ],
)
def test_a_word_without_text_or_times_is_left_out(entry: dict[str, object]) -> None:
    heard = final(json.dumps({"text": "水", "result": [entry]}))
    assert heard == Heard(("水",))


def test_times_never_run_backwards() -> None:
    heard = final('{"result": [{"word": "水", "start": -1, "end": -5, "conf": 1}]}')
    assert heard is not None
    assert heard.words == (Word("水", 0.0, 0.0, 1.0),)


def test_the_lattice_is_believed_as_far_as_it_agrees() -> None:
    words = tuple(Word(text, i, i + 1.0, 1.0) for i, text in enumerate(["有人", "枪", "手里"]))
    assert agreeing(words, ("有人", "抢劫", "手里")) == words[:1]
    assert agreeing(words, ("有人",)) == words[:1]
    assert agreeing(words, ("有人", "枪", "手里", "还")) == words
    assert agreeing(words, ()) == ()
    assert agreeing((), ("有人",)) == ()


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["text", "result", "word", "start", "end", "conf"]), inner, max_size=6
        )
    ),
    max_leaves=12,
)


@given(anything)
def test_any_json_is_survived(told: object) -> None:
    heard = final(json.dumps(told))
    assert (heard is None) == (not isinstance(told, dict))
    for word in heard.words if heard else ():
        assert 0.0 <= word.confidence <= 1.0
        assert 0.0 <= word.start_s <= word.end_s
        assert word.text


@given(st.text(max_size=60))
def test_any_text_is_survived(answer: str) -> None:
    for candidate in (answer, "{" + answer, '{"text": "' + answer + '"}'):
        assert final(candidate) is None or isinstance(final(candidate), Heard)


# --- guesses ----------------------------------------------------------------------------------------------

GUESSES = """{
  "alternatives" : [{
      "confidence" : 198.099396,
      "result" : [{
          "end" : 0.450000,
          "start" : 0.000000,
          "word" : "停水"
        }],
      "text" : "停水"
    }, {
      "confidence" : 197.5,
      "text" : ""
    }]
}"""


def test_guesses_with_their_scores() -> None:
    assert parse_guesses(GUESSES) == (
        (Heard(("停水",), (Word("停水", 0.0, 0.45, 0.0),)), 198.099396),
        (Heard(), 197.5),
    )


def test_the_answer_after_the_last_one_is_silence() -> None:
    assert parse_guesses('{"alternatives" : [{"text": "", "confidence" : 1.0}] }') == ((Heard(), 1.0),)


@pytest.mark.parametrize(
    "answer", ["", "[]", "{", "{}", '{"text": "水"}', '{"alternatives": {"text": "水"}}']
)
def test_what_has_no_guesses(answer: str) -> None:
    assert parse_guesses(answer) is None


def test_a_guess_without_a_score_is_left_out_unless_it_is_what_was_heard() -> None:
    listed = [{"text": "水"}, {"text": "税", "confidence": -1.5}, {"text": "睡", "confidence": "x"}, 5]
    guesses = parse_guesses(json.dumps({"alternatives": listed}))
    assert guesses == ((Heard(("水",)), -1.5), (Heard(("税",)), -1.5))


@given(st.lists(anything, max_size=4))
def test_any_guesses_are_survived(listed: list[object]) -> None:
    guesses = parse_guesses(json.dumps({"alternatives": listed}))
    assert guesses is not None
    assert len(guesses) <= len(listed)
    for heard, score in guesses:
        assert isinstance(heard, Heard)
        assert math.isfinite(score)
