"""A-law against the standard's own properties and, where it still exists, against audioop."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.g711 import SILENCE_ALAW, alaw_decode, alaw_encode

EVERY_VALUE = np.arange(-32768, 32768).astype(np.int16)
EVERY_CODE = bytes(range(256))


def test_every_alaw_code_survives_the_round_trip() -> None:
    assert alaw_encode(alaw_decode(EVERY_CODE)) == EVERY_CODE


def test_the_standards_corner_values() -> None:
    """G.711 table 1a: the smallest and the largest positive and negative values, on the 16-bit scale."""
    assert alaw_decode(bytes([0xD5, 0x55, 0xAA, 0x2A])).tolist() == [8, -8, 32256, -32256]


def test_silence_is_what_an_idle_line_carries() -> None:
    assert alaw_encode(np.zeros(3, np.int16)) == bytes([SILENCE_ALAW] * 3)


@given(st.lists(st.integers(-32768, 32767), max_size=200))
def test_alaw_error_is_at_most_half_a_step(values: list[int]) -> None:
    samples = np.array(values, dtype=np.int16)
    error = np.abs(alaw_decode(alaw_encode(samples)).astype(int) - samples)
    step = np.maximum(16, 2.0 ** np.floor(np.log2(np.maximum(np.abs(samples.astype(int)), 1))) / 16)
    assert np.all(error <= step / 2 + 1)  # +1: -32768 and the asymmetry of two's complement


def test_a_louder_sample_never_gets_a_softer_code() -> None:
    decoded = alaw_decode(alaw_encode(EVERY_VALUE)).astype(int)
    assert np.all(np.diff(decoded) >= 0)


@pytest.mark.parametrize("codes", [b"", b"\xd5", EVERY_CODE * 10])
def test_lengths_are_kept(codes: bytes) -> None:
    assert len(alaw_decode(codes)) == len(codes)


def test_equal_to_audioop_for_every_value() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        audioop = pytest.importorskip("audioop", reason="removed in Python 3.13")
    assert alaw_encode(EVERY_VALUE) == audioop.lin2alaw(EVERY_VALUE.tobytes(), 2)
    assert alaw_decode(EVERY_CODE).tobytes() == audioop.alaw2lin(EVERY_CODE, 2)
