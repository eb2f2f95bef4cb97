import subprocess
import sys

import numpy as np
import pytest

from models.recipe.espeak import Espeak, Prosody
from models.recipe.heldout import HELD_OUT_VOICES, TRAINING_VOICES


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


def test_variants_are_known_by_name(espeak: Espeak) -> None:
    assert {*HELD_OUT_VOICES, *TRAINING_VOICES} - {""} <= espeak.variants()
    assert "nobody-has-this-voice" not in espeak.variants()


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


def test_the_widest_ranges_do_not_crash_the_deepest_voices() -> None:
    """Beyond its limit espeak-ng 1.51 wrote over its own memory; found by the evaluation in a process that died."""
    program = (
        "from models.recipe.espeak import Espeak, Prosody\n"
        "espeak = Espeak()\n"
        "text = 'wo3 jia1 zai4 shi2 yan4 xiao3 xue2 qi1 hao4 kou3, wo3 huo2 bu4 xia4 qu4 le5'\n"
        "for voice in ('rob', 'Annie'):\n"
        "    for pitch in (0, 20, 40, 99):\n"
        "        espeak.speak(text, voice, Prosody(253, pitch, 99))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0
