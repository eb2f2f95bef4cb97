"""What the network sees of sound: 40 cepstra and 3 dimensions of pitch per 10 ms, as libvosk computes them.

The options here are written into the model's conf/ folder (`model_conf.py`); the two must agree.
"""

from functools import cache
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE: Final = 8000
SHIFT: Final = 80  # samples between frames; frame i lies in samples 80i to 80i + 200
WINDOW: Final = 200
SUBSAMPLING: Final = 3
"""The network judges every third frame; libvosk knows no other factor."""
CEPSTRA: Final = 40
DIMENSION: Final = CEPSTRA + 3
LOW_HZ: Final = 40
HIGH_HZ: Final = -200  # below half the sample rate
PITCH_CONTEXT: Final = 10
"""Frames that pitch normalisation waits for. Kaldi's 75 would delay every result by 0.75 s."""
_CHUNKS: Final = (0, 2, 10, 20)
"""Frames of sound that arrive at once; pitch tracked live differs a little from pitch tracked at leisure (0)."""


def features(signal: NDArray[np.float64], rng: Random | None = None) -> NDArray[np.float32]:
    """Compute the features of a signal in 16-bit scale: an array of frames × 43.

    With `rng` the pitch is tracked as it would be in a live stream, in pieces of a random size.
    """
    import kaldi_native_fbank as knf  # noqa: PLC0415 - the running system does without this package

    samples = signal.astype(np.float32)
    stream = knf.OnlineMfcc(_mfcc_options())
    stream.accept_waveform(SAMPLE_RATE, samples.tolist())
    stream.input_finished()
    frames = stream.num_frames_ready
    if frames == 0:
        return np.zeros((0, DIMENSION), np.float32)
    cepstra = np.stack([stream.get_frame(index) for index in range(frames)])
    pitch_options = knf.PitchExtractionOptions()
    pitch_options.samp_freq = SAMPLE_RATE
    if rng is not None and (chunk := rng.choice(_CHUNKS)):
        pitch_options.frames_per_chunk = chunk
        pitch_options.simulate_first_pass_online = True
    pitch = knf.compute_and_process_kaldi_pitch(pitch_options, _pitch_process_options(), samples)
    frames = min(frames, len(pitch))
    return np.concatenate([cepstra[:frames], pitch[:frames]], axis=1).astype(np.float32)


@cache
def _mfcc_options() -> "object":
    import kaldi_native_fbank as knf  # noqa: PLC0415

    options = knf.MfccOptions()
    options.frame_opts.samp_freq = SAMPLE_RATE
    options.frame_opts.dither = 0
    options.mel_opts.num_bins = CEPSTRA
    options.mel_opts.low_freq = LOW_HZ
    options.mel_opts.high_freq = HIGH_HZ
    options.num_ceps = CEPSTRA
    options.use_energy = False
    return options


@cache
def _pitch_process_options() -> "object":
    import kaldi_native_fbank as knf  # noqa: PLC0415

    options = knf.ProcessPitchOptions()
    options.delta_pitch_noise_stddev = 0.0
    options.normalization_right_context = PITCH_CONTEXT
    return options
