"""Read a sound file into what a telephone line would carry: 8 kHz, one channel, 16 bits.

Whatever libsndfile reads (WAV of any rate, channels and coding, FLAC, MP3, Ogg ...), and raw A-law (`.al`, `.alaw`:
what Asterisk records). `parse` takes bytes and gives samples; `read_audio` opens the file.
"""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from asr.errors import AudioUnreadable
from asr.g711 import Samples, alaw_decode
from asr.recogniser import SAMPLE_RATE

ALAW_SUFFIXES = frozenset({".al", ".alaw"})
MAX_BYTES = 1 << 30  # of a file; a typing mistake should not fill the memory
_MAX_VALUES = 1 << 28  # of all channels: nine hours of telephone audio, 1 GiB in memory
_RATES = range(1000, 768_001)  # Hz


def read_audio(path: Path, *, rate: int = SAMPLE_RATE) -> Samples:
    """Return the file's sound as int16 samples at `rate` Hz, channels averaged. Raises AudioUnreadable."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise AudioUnreadable(f"{path} 超过 1 GiB，请先剪短（file too large）。")
        content = path.read_bytes()
    except OSError as error:
        raise AudioUnreadable(f"无法读取 {path}: {error.strerror}。请检查路径和权限。") from error
    try:
        return parse(content, raw_alaw=path.suffix.lower() in ALAW_SUFFIXES, rate=rate)
    except AudioUnreadable as error:
        raise AudioUnreadable(f"{path}: {error}") from None


def parse(content: bytes, *, raw_alaw: bool = False, rate: int = SAMPLE_RATE) -> Samples:
    """Return a file's sound as int16 samples at `rate` Hz, channels averaged. Raises AudioUnreadable."""
    if raw_alaw:
        return _resampled(alaw_decode(content).astype(np.float32), SAMPLE_RATE, rate)
    try:
        with soundfile.SoundFile(io.BytesIO(_whole(content))) as file:
            if file.frames * file.channels > _MAX_VALUES:  # a few packed bytes may claim any length
                raise AudioUnreadable("声音太长，请先剪短（too long）。")
            values, recorded = file.read(dtype="float32", always_2d=True), file.samplerate
    except (soundfile.LibsndfileError, RuntimeError, ValueError) as error:
        raise AudioUnreadable(f"不是能读的声音文件（{error}）。请先用 ffmpeg 或 sox 转成 WAV。") from error
    if recorded not in _RATES:
        raise AudioUnreadable(f"采样率 {recorded} Hz 不合理。请重新导出该文件。")
    mean = np.clip(np.nan_to_num(values), -1.0, 1.0).mean(axis=1, dtype=np.float64) * 32768.0
    return _resampled(mean.astype(np.float32), recorded, rate)


def _whole(content: bytes) -> bytes:
    """Give the length to a WAV whose writer never came to write it (size 0): it ends with the file."""
    at = content.find(b"data\0\0\0\0", 12) + 4
    if content[:4] != b"RIFF" or at < 16:
        return content
    return content[:at] + (len(content) - at - 4).to_bytes(4, "little") + content[at + 4 :]


def _resampled(samples: npt.NDArray[np.float32], recorded: int, rate: int) -> Samples:
    """Bring samples from one rate to another as int16, limited where the filter overshoots."""
    if recorded != rate and samples.size:
        samples = soxr.resample(samples, recorded, rate, quality="HQ")
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
