"""`python -m ivr.demo`: makes the voice files of the demonstration anew (needs espeak-ng; fetches it privately)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ivr.demo.calls import AGENT, CALLS, DISPATCHER
from models.recipe.voice import SAMPLE_RATE, speak, write_wav

MUMBLED = "这个那个就是我想想好像是这样的吧"
"""What the mumbling voice is made from; nothing of it is left to understand."""


def mumble(speech: NDArray[np.int16]) -> NDArray[np.int16]:
    """A voice behind a closed mouth: speech turned around in pieces of 90 ms and robbed of all above 450 Hz."""
    piece = int(0.09 * SAMPLE_RATE)
    turned = np.concatenate([part[::-1] for part in np.split(speech, range(piece, len(speech), piece))])
    spectrum = np.fft.rfft(turned)
    spectrum[int(450 * len(turned) / SAMPLE_RATE) :] = 0
    low: NDArray[np.float64] = np.fft.irfft(spectrum, len(turned))
    loud: NDArray[np.float64] = np.round(low * (12_000 / float(np.max(np.abs(low)))))
    return loud.astype(np.int16)


def main() -> None:
    """Write every voice file beside this module."""
    for call in CALLS:
        if not call.sounds:
            continue
        audio = speak(call.spoken, call.voice) if call.spoken else mumble(speak(MUMBLED, call.voice))
        write_wav(call.wav, audio)
    for member in (DISPATCHER, AGENT):
        write_wav(member.wav, speak(member.spoken, member.voice))


if __name__ == "__main__":
    main()
