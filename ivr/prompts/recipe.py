"""From a text to a file: speak it, bring it to telephone level, write it down with what it was made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ivr.prompts.wav import RATE_HZ, write_wav

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LEVEL = 10 ** (-20 / 20)
"""Loudness of the voiced parts, of full scale: -20 dB, about that of a live caller on G.711."""
PEAK = 10 ** (-3 / 20)
"""No sample above this, of full scale: -3 dB."""
MARGIN_S = 0.04
"""Silence kept before and after the voice. More would only make the caller wait."""
FADE_S = 0.01
"""Faded in and out over this long, so that nothing clicks."""

_WINDOW = RATE_HZ // 50
_FLOOR = 10 ** (-30 / 20)
"""A 20 ms window is voiced when it is not more than this much below the loudest one."""


@dataclass(frozen=True, slots=True)
class Voice:
    """An espeak-ng voice: its variant, words a minute, pitch 0 to 99."""

    variant: str = "f5"
    rate: int = 200
    pitch: int = 50


@dataclass(frozen=True, slots=True)
class Made:
    """What a file was made from and what came out: proof that text and audio belong together."""

    text_sha256: str
    wav_sha256: str
    voice: Voice
    duration_s: float


Speak: TypeAlias = Callable[[str, Voice], "NDArray[np.int16]"]
"""Speaks a text: mono samples at 8 kHz."""

MANIFEST = "manifest.json"


def make(key: str, text: str, voice: Voice, speak: Speak, folder: Path) -> Made:
    """Write KEY.wav and its entry in the manifest of the folder. Raises ValueError when nothing is heard."""
    samples = to_telephone(speak(text, voice))
    path = folder / f"{key}.wav"
    write_wav(path, samples)
    made = Made(digest(text.encode()), digest(path.read_bytes()), voice, round(len(samples) / RATE_HZ, 3))
    manifest = read_manifest(folder) | {key: made}
    content = {name: asdict(manifest[name]) for name in sorted(manifest)}
    (folder / MANIFEST).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return made


def read_manifest(folder: Path) -> dict[str, Made]:
    """What the folder's files were made from, by key; empty when nothing has been made there."""
    path = folder / MANIFEST
    if not path.exists():
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    return {key: Made(**{**entry, "voice": Voice(**entry["voice"])}) for key, entry in content.items()}


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def to_telephone(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """Cut silence off both ends, bring the voice to LEVEL (but no sample above PEAK), fade in and out.

    Mono samples at 8 kHz in and out. Raises ValueError when there is nothing but silence.
    """
    sound = samples.astype(np.float64) / 32768
    windows = np.pad(sound, (0, -len(sound) % _WINDOW)).reshape(-1, _WINDOW)
    loudness = np.sqrt(np.mean(windows**2, axis=1))
    loudest = float(np.max(loudness, initial=0.0))
    if loudest == 0.0:
        raise ValueError("there is nothing but silence; try another voice")
    voiced = np.flatnonzero(loudness >= loudest * _FLOOR)
    margin = int(MARGIN_S * RATE_HZ)
    begin, end = int(voiced[0]) * _WINDOW - margin, (int(voiced[-1]) + 1) * _WINDOW + margin
    sound = np.pad(sound, (margin, margin + _WINDOW))[begin + margin : end + margin]
    level = float(np.sqrt(np.mean(windows[voiced] ** 2)))
    sound *= min(LEVEL / level, PEAK / float(np.max(np.abs(sound))))
    ramp = np.linspace(0.0, 1.0, int(FADE_S * RATE_HZ))
    sound[: len(ramp)] *= ramp
    sound[-len(ramp) :] *= ramp[::-1]
    return np.asarray(np.round(sound * 32767), dtype=np.int16)
