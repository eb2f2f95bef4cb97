from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.spoken_text import fold
from triage.word_boundaries import Segmenter

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter(["抢了就跑", "民生壹壹零"])


def test_words_joined_are_the_text(segmenter: Segmenter) -> None:
    text = "我家小区门口的水管爆了abc123"
    assert "".join(segmenter.segment(text)) == text


def test_a_lexicon_phrase_is_a_word(segmenter: Segmenter) -> None:
    assert "民生壹壹零" in segmenter.segment("请接民生壹壹零谢谢")


def test_the_global_tokenizer_is_left_alone() -> None:
    """In a process of its own: in this one another test may have used it."""
    program = (
        "import jieba; from triage.word_boundaries import Segmenter;"
        "print(Segmenter(['民生壹壹零']).segment('民生壹壹零'), jieba.dt.initialized, len(jieba.dt.FREQ))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert told.stdout.split() == ["['民生壹壹零']", "False", "0"]


def test_dictionary_words_are_told_from_phrases(segmenter: Segmenter) -> None:
    assert segmenter.is_dictionary_word("火车站")
    assert not segmenter.is_dictionary_word("民生壹壹零")
    assert not segmenter.is_dictionary_word("强节")


def test_edges_of_words(segmenter: Segmenter) -> None:
    edges = segmenter.open(fold("去火车站打他"))
    assert edges.are_edges(1, 4)
    assert not edges.are_edges(1, 2)
    assert edges.are_edges(4, 5)


def test_edges_far_into_a_long_text(segmenter: Segmenter) -> None:
    text = "今天天气很好" * 40 + "去火车站打他"
    start = len(text) - 6
    edges = segmenter.open(fold(text))
    assert edges.are_edges(start + 1, start + 4)
    assert not edges.are_edges(start + 1, start + 2)


def test_a_pause_is_an_edge(segmenter: Segmenter) -> None:
    assert not segmenter.open(fold("去火车站")).are_edges(1, 2)
    assert segmenter.open(fold("去火，车站")).are_edges(1, 2)
    assert not segmenter.open(fold("去火 车站")).are_edges(1, 2)


@settings(max_examples=30)
@given(st.text("我家小区门口的水管爆了火车站a1", max_size=150), st.integers(0, 150), st.integers(1, 4))
def test_questions_anywhere_are_answered(text: str, start: int, length: int) -> None:
    size = len(fold(text).letters)
    start = min(start, size)
    end = min(start + length, size)
    assert _SEGMENTER.open(fold(text)).are_edges(start, end) in {True, False}


_SEGMENTER = Segmenter([])
