"""Sound files of every kind become telephone audio; everything else a clear error."""

import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import asr.audio
from asr.audio import parse, read_audio
from asr.errors import AudioUnreadable
from asr.g711 import Samples, alaw_encode
from tests.asr.wav import ALAW, EXTENSIBLE, FLOAT, PCM, ULAW, chunk, format_chunk, riff, wav

RAMP = np.arange(-32768, 32768, 16).astype(np.int16)


def tone(rate: int, hertz: float = 440.0, seconds: float = 1.0) -> Samples:
    return (10_000 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)).astype(np.int16)


def loudest_hertz(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * 8000 / len(samples))


def test_telephone_audio_passes_unchanged() -> None:
    assert np.array_equal(parse(wav(RAMP.tobytes())), RAMP)


def test_files_of_the_standard_library_are_read(tmp_path: Path) -> None:
    path = tmp_path / "caller.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(RAMP.tobytes())
    assert np.array_equal(read_audio(path), RAMP)


@pytest.mark.parametrize(
    ("bits", "body"),
    [
        (8, ((RAMP.astype(int) >> 8) + 128).astype(np.uint8).tobytes()),
        (24, b"".join(struct.pack("<i", int(value) << 8)[:3] for value in RAMP)),
        (32, (RAMP.astype("<i4") << 16).tobytes()),
    ],
)
def test_every_integer_width(bits: int, body: bytes) -> None:
    heard = parse(wav(body, bits=bits))
    assert np.max(np.abs(heard.astype(int) - RAMP)) < (256 if bits == 8 else 1)


@pytest.mark.parametrize("bits", [32, 64])
def test_float(bits: int) -> None:
    body = (RAMP.astype(np.float64) / 32768).astype(f"<f{bits // 8}").tobytes()
    assert np.array_equal(parse(wav(body, tag=FLOAT, bits=bits)), RAMP)


def test_float_beyond_full_scale_and_not_a_number_are_tamed() -> None:
    body = np.array([5.0, -5.0, np.nan, np.inf, -np.inf, 0.5], dtype="<f4").tobytes()
    assert parse(wav(body, tag=FLOAT, bits=32)).tolist() == [32767, -32768, 0, 32767, -32768, 16384]


def test_companded_wav_and_raw_alaw_agree(tmp_path: Path) -> None:
    codes = alaw_encode(RAMP)
    raw = tmp_path / "caller.AL"
    raw.write_bytes(codes)
    assert np.array_equal(read_audio(raw), parse(wav(codes, tag=ALAW, bits=8)))
    assert parse(wav(b"\xff\x80\x00", tag=ULAW, bits=8)).tolist() == [0, 32124, -32124]


def test_extensible_files_are_read_by_their_sub_format() -> None:
    body = riff(format_chunk(EXTENSIBLE, 1, 8000, 16, sub=PCM), chunk(b"data", RAMP.tobytes()))
    assert np.array_equal(parse(body), RAMP)


def test_channels_are_averaged() -> None:
    both = np.stack([RAMP, np.zeros_like(RAMP)], axis=1).astype(np.int16)
    heard = parse(wav(both.tobytes(), channels=2))
    assert np.max(np.abs(heard - RAMP / 2)) <= 0.5


@pytest.mark.parametrize("rate", [6000, 11025, 16000, 22050, 44100, 48000])
def test_any_rate_becomes_8_khz_with_the_same_pitch_and_length(rate: int) -> None:
    heard = parse(wav(tone(rate).tobytes(), rate=rate))
    assert abs(len(heard) - 8000) <= 1
    assert loudest_hertz(heard) == pytest.approx(440, abs=2)
    assert np.abs(heard[1000:7000]).max() == pytest.approx(10_000, rel=0.02)


def test_what_a_telephone_cannot_carry_does_not_fold_back() -> None:
    heard = parse(wav(tone(48000, hertz=5000).tobytes(), rate=48000))
    assert np.abs(heard[500:-500]).max() < 50


def test_full_scale_does_not_wrap_when_resampled() -> None:
    square = np.where(np.arange(16000) // 40 % 2, 32767, -32768).astype(np.int16)
    heard = parse(wav(square.tobytes(), rate=16000)).astype(int)
    assert np.corrcoef(heard, square[::2].astype(int))[0, 1] > 0.9


def test_chunks_before_and_after_the_sound_are_skipped() -> None:
    body = riff(
        chunk(b"LIST", b"INFOodd"),
        format_chunk(PCM, 1, 8000, 16),
        chunk(b"fact", b"1234"),
        chunk(b"data", RAMP.tobytes()),
        chunk(b"id3 ", b"x" * 9),
    )
    assert np.array_equal(parse(body), RAMP)


@pytest.mark.parametrize("claimed", [0, 0xFFFFFFFF, len(RAMP) * 2 + 100])
def test_streamed_files_end_where_they_end(claimed: int) -> None:
    """A program that writes to a pipe cannot know the length: espeak-ng, ffmpeg and sox all do this."""
    head = riff(format_chunk(PCM, 1, 8000, 16))
    body = head + b"data" + struct.pack("<I", claimed) + RAMP.tobytes()
    assert np.array_equal(parse(body), RAMP)


def test_a_torn_last_sample_is_left_out() -> None:
    assert np.array_equal(parse(wav(RAMP.tobytes() + b"\x01")), RAMP)


def test_an_empty_recording_is_empty() -> None:
    assert len(parse(wav(b"", rate=48000))) == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"ID3\x03" + b"\0" * 100,
        b"RIFF\x04\0\0\0AVI ",
        riff(),
        riff(format_chunk(PCM, 1, 8000, 16)),
        riff(chunk(b"data", b"\0\0")),
        riff(chunk(b"fmt ", b"\x01\0")),
        wav(b"\0\0", tag=0x0055),
        wav(b"\0\0", rate=0),
        wav(b"\0\0", rate=4_000_000_000),
        wav(b"\0\0", channels=0),
        wav(b"\0\0", tag=FLOAT, bits=16),
    ],
)
def test_what_is_no_sound_is_said_so(content: bytes) -> None:
    with pytest.raises(AudioUnreadable, match=r"声音文件|采样率"):
        parse(content)


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("not a sound")
    with pytest.raises(AudioUnreadable, match=r"notes\.wav"):
        read_audio(path)


@pytest.mark.parametrize("name", ["missing.wav", ""])
def test_a_file_that_cannot_be_opened(tmp_path: Path, name: str) -> None:
    with pytest.raises(AudioUnreadable, match="无法读取"):
        read_audio(tmp_path / name)


def test_a_small_file_that_holds_too_long_a_sound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asr.audio, "_MAX_VALUES", 1000)
    with pytest.raises(AudioUnreadable, match="too long"):
        parse(wav(RAMP.tobytes()))


def test_a_file_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asr.audio, "MAX_BYTES", 100)
    path = tmp_path / "long.wav"
    path.write_bytes(wav(RAMP.tobytes()))
    with pytest.raises(AudioUnreadable, match="too large"):
        read_audio(path)


@given(st.binary(max_size=200))
@example(wav(b"\0\0" * 50, rate=1000))
def test_any_bytes_give_sound_or_a_clear_error(content: bytes) -> None:
    for candidate in (content, b"RIFF\0\0\0\0WAVE" + content):
        try:
            heard = parse(candidate)
        except AudioUnreadable:
            continue
        assert heard.dtype == np.int16
        assert heard.ndim == 1


@given(
    layout=st.tuples(
        st.sampled_from([PCM, FLOAT, ALAW, ULAW, EXTENSIBLE, 2]),
        st.integers(0, 70),
        st.sampled_from([0, 1, 1000, 7999, 8000, 16000, 44100, 96000, 2**32 - 1]),
        st.sampled_from([0, 4, 8, 16, 24, 32, 64, 65535]),
    ),
    sub=st.one_of(st.none(), st.integers(0, 65535)),
    data=st.binary(max_size=400),
)
def test_any_header_gives_sound_of_the_right_length_or_a_clear_error(
    layout: tuple[int, int, int, int], sub: int | None, data: bytes
) -> None:
    tag, channels, rate, bits = layout
    try:
        heard = parse(riff(format_chunk(*layout, sub=sub), chunk(b"data", data)))
    except AudioUnreadable:
        return
    assert heard.dtype == np.int16
    if (bits % 8 == 0 and tag in {PCM, FLOAT}) or (bits == 8 and tag in {ALAW, ULAW}):
        frames = len(data) // (channels * bits // 8)
        assert abs(len(heard) - frames * 8000 / rate) <= 1
