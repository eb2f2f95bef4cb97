"""Voice activity on what telephone lines really carry: speech, idle noise, hum, tones, clicks."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.g711 import alaw_decode, alaw_encode
from asr.speech_end import FRAME_S, EndOfSpeech
from tests.asr.conftest import Say

Wave = npt.NDArray[np.float64]

RATE = 8000
PIPE = "你好，我们小区的水管爆裂了"


def line(wave: Wave) -> bytes:
    """What arrives when `wave` went through an A-law telephone line: s16le."""
    limited = np.clip(np.rint(wave), -32768, 32767).astype(np.int16)
    return alaw_decode(alaw_encode(limited)).astype("<i2").tobytes()


def noise(level: float, seconds: float = 5.0, seed: int = 0) -> Wave:
    return np.random.default_rng(seed).normal(0.0, level, int(RATE * seconds))


def sine(hertz: float, level: float, seconds: float = 5.0) -> Wave:
    return level * np.sin(2 * np.pi * hertz * np.arange(int(RATE * seconds)) / RATE)


def on_off(seconds_on: float, seconds_off: float, seconds: float = 5.0) -> Wave:
    times = np.arange(int(RATE * seconds)) / RATE
    return (times % (seconds_on + seconds_off) < seconds_on).astype(np.float64)


def listened(wave: Wave) -> EndOfSpeech:
    end = EndOfSpeech()
    end.feed(line(wave))
    return end


def heard(end: EndOfSpeech) -> bool:
    """At least one short word: 喂 has 0.16 s of voice; less is a knock on the microphone."""
    return end.speech_s >= 0.12


def clicks() -> Wave:
    wave = np.zeros(5 * RATE)
    wave[::RATE] = 20_000
    wave[1::RATE] = -20_000
    return wave


@pytest.mark.parametrize(
    "wave",
    [
        pytest.param(np.zeros(5 * RATE), id="digital silence"),
        pytest.param(8 * np.sign(noise(1)), id="A-law idle noise"),
        pytest.param(noise(5), id="faint noise"),
        pytest.param(noise(50), id="line noise"),
        pytest.param(noise(300), id="strong noise"),
        pytest.param(noise(1000), id="very strong noise"),
        pytest.param(noise(3000), id="deafening noise"),
        pytest.param(sine(50, 3000) + sine(150, 1000) + sine(250, 500) + noise(20), id="mains hum"),
        pytest.param(sum(sine(50 * k, 3000 / k) for k in range(1, 20)) + noise(20), id="buzz"),
        pytest.param(sine(450, 4000) + noise(20), id="dial tone"),
        pytest.param(sine(450, 4000) * on_off(0.35, 0.35) + noise(20), id="busy tone"),
        pytest.param(sine(450, 4000) * on_off(1.0, 4.0) + noise(20), id="ring-back tone"),
        pytest.param((sine(770, 4000) + sine(1336, 4000)) * on_off(0.1, 0.1) + noise(20), id="DTMF"),
        pytest.param((sine(941, 4000) + sine(1477, 3000)) * on_off(0.1, 0.1) + noise(200), id="noisy DTMF"),
        pytest.param(sine(1100, 6000) * on_off(0.5, 3.0) + noise(20), id="fax calling"),
        pytest.param(clicks(), id="clicks"),
        pytest.param(np.full(5 * RATE, 5000.0), id="direct current"),
        pytest.param(np.concatenate([noise(30, 2), noise(1500, 4)]), id="a machine starts"),
    ],
)
def test_nothing_of_this_is_speech(wave: Wave) -> None:
    end = listened(wave)
    assert not heard(end)
    assert not end.speaking


@pytest.mark.parametrize(
    "disturbance",
    [
        pytest.param(np.zeros, id="clean"),
        pytest.param(lambda n: noise(100, n / RATE)[:n], id="noise 35 dB below the peak"),
        pytest.param(lambda n: noise(500, n / RATE + 1)[:n], id="noise"),
        pytest.param(lambda n: sine(50, 3000, n / RATE + 1)[:n], id="hum"),
    ],
)
def test_speech_is_heard_and_its_end_is_found(say: Say, disturbance: object) -> None:
    speech = say(PIPE).astype(np.float64)
    wave = np.concatenate([np.zeros(RATE), speech, np.zeros(2 * RATE)])
    end = listened(wave + disturbance(len(wave)))  # type: ignore[operator]
    assert heard(end)
    assert not end.speaking
    assert 1.9 <= end.silence_s <= 2.6  # two seconds, and the fading end of the last syllable
    assert 0.4 * len(speech) / RATE <= end.speech_s <= len(speech) / RATE + 0.1


@pytest.mark.parametrize("gain", [1.0, 0.3, 0.05])
def test_loud_and_faint_callers(say: Say, gain: float) -> None:
    wave = np.concatenate([np.zeros(RATE), gain * say(PIPE), np.zeros(RATE)])
    end = listened(wave)
    assert heard(end)
    assert end.speech_s > 1.0


def test_one_short_word_counts(say: Say) -> None:
    assert heard(listened(np.concatenate([np.zeros(RATE // 2), say("喂"), np.zeros(RATE // 2)])))


def test_who_speaks_from_the_first_moment_is_heard_at_once(say: Say) -> None:
    end = EndOfSpeech()
    speech = line(say(PIPE)[400:].astype(np.float64))
    frames = 0
    while not end.speaking:
        end.feed(speech[frames * 320 : (frames + 1) * 320])
        frames += 1
        assert frames < 15, "0.3 s of speech went unnoticed"


def test_speaking_bridges_the_gaps_between_syllables(say: Say) -> None:
    speech = line(np.concatenate([np.zeros(RATE), say("我们小区的水管爆裂了")]))
    end = EndOfSpeech()
    changes = 0
    before = False
    for at in range(0, len(speech), 320):
        end.feed(speech[at : at + 320])
        changes += end.speaking != before
        before = end.speaking
    assert changes <= 2


def test_a_caller_over_a_running_machine_is_heard(say: Say) -> None:
    wave = np.concatenate([noise(800, 4), say(PIPE) + noise(800, 60, seed=1)[: len(say(PIPE))]])
    end = EndOfSpeech()
    end.feed(line(wave[: 4 * RATE]))
    assert not heard(end)
    end.feed(line(wave[4 * RATE :]))
    assert heard(end)


def test_silence_is_counted_from_the_beginning_when_nobody_speaks() -> None:
    end = EndOfSpeech()
    assert end.silence_s == 0.0
    end.feed(bytes(320 * 50))
    assert end.silence_s == pytest.approx(1.0)
    assert end.speech_s == 0.0


def test_the_floor_follows_the_line() -> None:
    quiet, loud = listened(noise(30, 4)), listened(noise(1000, 4))
    assert -62 <= quiet.floor_db < -55
    assert -36 < loud.floor_db < -28


def test_the_floor_comes_down_again() -> None:
    end = listened(np.concatenate([noise(2000, 4), noise(20, 4)]))
    assert end.floor_db < -55


def test_pieces_of_any_size_are_the_same(say: Say) -> None:
    speech = line(np.concatenate([np.zeros(4000), say(PIPE), np.zeros(4000)]))
    whole = EndOfSpeech()
    whole.feed(speech)
    pieces = EndOfSpeech()
    random = np.random.default_rng(3)
    at = 0
    while at < len(speech):
        size = int(random.integers(1, 900))
        pieces.feed(speech[at : at + size])
        at += size
    assert (whole.speech_s, whole.silence_s, whole.speaking) == (
        pieces.speech_s,
        pieces.silence_s,
        pieces.speaking,
    )


@given(st.lists(st.binary(max_size=700), max_size=12))
def test_no_bytes_upset_it(pieces: list[bytes]) -> None:
    end = EndOfSpeech()
    for piece in pieces:
        end.feed(piece)
    frames = sum(map(len, pieces)) // 320
    assert 0.0 <= end.speech_s <= frames * FRAME_S + 1e-9
    assert 0.0 <= end.silence_s <= frames * FRAME_S + 1e-9
    assert -62.0 <= end.floor_db <= 3.0


@given(st.integers(0, 2**32 - 1), st.floats(0, 30_000), st.floats(0, 4000), st.integers(1, 80))
def test_no_mixture_upsets_it(seed: int, level: float, hertz: float, frames: int) -> None:
    wave = noise(level, 2.0, seed)[: frames * 160] + sine(hertz, level, 2.0)[: frames * 160]
    end = listened(wave)
    assert 0.0 <= end.speech_s <= frames * FRAME_S + 1e-9
