from __future__ import annotations

import struct
import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ivr.prompts import wav as module
from ivr.prompts.errors import PromptUnreadable
from ivr.prompts.wav import decode_wav, read_wav, write_wav
from tests.ivr.prompts.wav_files import chunk, riff, sine, wav

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("bits", "coding", "tolerance"),
    [(8, 1, 1 / 100), (16, 1, 1e-4), (24, 1, 1e-4), (32, 1, 1e-4), (32, 3, 1e-4), (64, 3, 1e-4)],
)
@pytest.mark.parametrize("extensible", [False, True])
def test_every_width_gives_the_same_sound(
    bits: int, coding: int, tolerance: float, *, extensible: bool
) -> None:
    sound = sine(0.5)
    decoded = decode_wav(wav(sound, bits=bits, coding=coding, extensible=extensible))
    assert np.max(np.abs(decoded / 32768 - sound)) < tolerance


@pytest.mark.parametrize("rate", [11025, 16000, 44100, 48000, 96000])
def test_every_rate_comes_out_at_8_khz(rate: int) -> None:
    decoded = decode_wav(wav(sine(1.0, rate), rate=rate)) / 32768
    assert len(decoded) == pytest.approx(8000, abs=2)
    middle = slice(1000, 7000)
    assert np.max(np.abs(decoded[middle] - sine(1.0)[: len(decoded)][middle])) < 0.01


def test_what_a_telephone_cannot_carry_is_filtered_and_not_folded_down() -> None:
    decoded = decode_wav(wav(sine(1.0, 48000, hz=5000.0), rate=48000)) / 32768
    assert np.max(np.abs(decoded[1000:7000])) < 0.01


def test_channels_are_mixed() -> None:
    left, right = sine(0.2), np.zeros(1600)
    decoded = decode_wav(wav(np.stack([left, right], axis=1))) / 32768
    assert np.max(np.abs(decoded - left / 2)) < 1e-4


def test_full_scale_does_not_wrap_round() -> None:
    square = np.sign(sine(0.5, 48000, hz=300.0)) * 1.0
    decoded = decode_wav(wav(square, rate=48000, bits=32, coding=3))
    assert np.max(decoded) == 32767
    assert np.min(decoded) == -32768
    assert np.max(np.abs(np.diff(decoded.astype(int)))) < 65000 * 1.01


def test_chunks_that_do_not_matter_are_passed_over() -> None:
    plain = wav(sine(0.1))
    odd = plain[:12] + chunk(b"LIST", b"odd") + plain[12:] + chunk(b"id3 ", b"x" * 7)
    assert np.array_equal(decode_wav(odd), decode_wav(plain))


def test_a_file_cut_short_is_played_as_far_as_it_goes() -> None:
    assert len(decode_wav(wav(sine(0.1))[:-101])) == 800 - 51


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "it is no WAV file"),
        (b"ID3\x04" + bytes(100), "it is no WAV file"),
        (riff(b""), "it holds no sound"),
        (riff(chunk(b"data", b"abcd")), "its sound comes before its format"),
        (riff(chunk(b"fmt ", b"abcd")), "its format is cut short"),
        (
            riff(chunk(b"fmt ", struct.pack("<HHIIHH", 6, 1, 8000, 8000, 1, 8))),
            "its coding 6 with 8 bits is not known here",
        ),
        (riff(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 0, 8000, 0, 0, 16))), "it has 0 channels"),
        (riff(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 0, 0, 2, 16))), "its rate of 0 Hz is out of range"),
        (wav(np.zeros(0)), "there is no sound in it"),
        (wav(np.array([np.nan]), bits=32, coding=3), "it holds samples that are no numbers"),
        (wav(np.zeros(8000 * 61), bits=8), "61 s are too long, 60 s are the limit"),
    ],
)
def test_what_cannot_be_played_says_why(content: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        decode_wav(content)


def test_an_unreadable_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "greeting.wav"
    path.write_bytes(b"not a wav")
    with pytest.raises(
        PromptUnreadable, match=r"greeting\.wav: it is no WAV file; save it as WAV, PCM 16 bit, mono"
    ):
        read_wav(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PromptUnreadable, match="cannot be read"):
        read_wav(tmp_path / "no.wav")


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(wav(sine(1.0)))
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 1000)
    with pytest.raises(PromptUnreadable, match="too many"):
        read_wav(path)


@given(content=st.binary(max_size=300))
def test_any_bytes_are_refused_or_played(content: bytes) -> None:
    for bytes_ in (content, riff(content), wav(np.zeros(4))[:36] + content):
        try:
            assert decode_wav(bytes_).dtype == np.int16
        except ValueError:
            continue


headers = st.builds(
    struct.pack,
    st.just("<HHIIHH"),
    st.sampled_from([1, 3, 0xFFFE, 7]),
    st.integers(0, 9),
    st.sampled_from([0, 3999, 8000, 44100, 2**32 - 1]),
    st.just(0),
    st.just(0),
    st.sampled_from([0, 1, 8, 12, 16, 24, 32, 64]),
)


@given(header=headers, rest=st.binary(max_size=24), data=st.binary(max_size=200))
def test_any_header_is_refused_or_played(header: bytes, rest: bytes, data: bytes) -> None:
    with np.errstate(all="ignore"):  # any bytes as floating point, signalling numbers among them
        try:
            decoded = decode_wav(riff(chunk(b"fmt ", header + rest) + chunk(b"data", data)))
        except ValueError:
            return
    assert 0 < len(decoded) <= 2 * len(data) + 2
    assert header[0] != 7, "a coding that nobody knows was played"


@given(samples=hnp.arrays(np.int16, st.integers(1, 500)))
def test_what_is_written_is_what_is_read(
    samples: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("wav") / "a.wav"
    write_wav(path, samples)
    assert np.array_equal(read_wav(path), samples)


def test_files_are_written_as_asterisk_plays_them(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.zeros(80, dtype=np.int16))
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 2, 1)
