import subprocess
import sys

import numpy as np
import pytest

from models.recipe.espeak import Espeak, Prosody


def test_speech_has_sound_and_phonemes_in_order(espeak: Espeak) -> None:
    samples, phonemes = espeak.speak("wo3 yao4 bao4 jing3", "f5", Prosody())
    assert samples.dtype == np.int16
    assert np.abs(samples).max() > 1000
    starts = [phoneme.sample for phoneme in phonemes]
    assert starts == sorted(starts)
    assert starts[-1] <= len(samples)


@pytest.mark.parametrize("number", [1, 4, 9])
def test_every_syllable_is_closed_by_its_mark(espeak: Espeak, number: int) -> None:
    _, phonemes = espeak.speak(" ".join(["ma1"] * number), "m7", Prosody())
    assert [phoneme.name for phoneme in phonemes].count("_|") == number


def test_a_comma_makes_a_pause(espeak: Espeak) -> None:
    joined, _ = espeak.speak("ma1 ma1", "f5", Prosody())
    parted, phonemes = espeak.speak("ma1, ma1", "f5", Prosody())
    assert any(phoneme.name.startswith("_:") for phoneme in phonemes)
    assert len(parted) > len(joined)


def test_a_higher_rate_is_shorter(espeak: Espeak) -> None:
    slow, _ = espeak.speak("wo3 yao4 bao4 jing3", "f5", Prosody(rate=120))
    fast, _ = espeak.speak("wo3 yao4 bao4 jing3", "f5", Prosody(rate=270))
    assert len(fast) < 0.7 * len(slow)


def test_nothing_to_speak_gives_no_sound(espeak: Espeak) -> None:
    samples, _ = espeak.speak("", "f5", Prosody())
    assert len(samples) < 500


def test_two_objects_do_not_disturb_each_other(espeak: Espeak) -> None:
    other = Espeak()
    mine, _ = espeak.speak("ma1", "f5", Prosody())
    theirs, _ = other.speak("ma1 ma1 ma1", "f5", Prosody())
    again, _ = espeak.speak("ma1", "f5", Prosody())
    assert len(mine) > 0
    assert len(theirs) > len(again) > 0


def test_a_fresh_process_speaks_the_same_samples() -> None:
    program = (
        "import hashlib; from models.recipe.espeak import Espeak, Prosody;"
        "e = Espeak(); s = [e.speak('ni3 hao3', v, Prosody())[0] for v in ('f5', 'Annie', 'klatt3')];"
        "print(hashlib.sha256(b''.join(x.tobytes() for x in s)).hexdigest())"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in "12"
    ]
    assert len(runs[0].stdout.strip()) == 64
    assert runs[0].stdout == runs[1].stdout
