import pytest

from models.recipe.errors import EspeakError
from models.recipe.espeak import Espeak, Prosody
from models.recipe.heldout import HELD_OUT_VOICES, TRAINING_VOICES


def test_no_held_out_voice_is_trained_on() -> None:
    assert not set(HELD_OUT_VOICES) & set(TRAINING_VOICES)


def test_these_five_voices_are_held_out() -> None:
    assert HELD_OUT_VOICES == ("f5", "m7", "Annie", "klatt3", "rob")


def test_no_voice_is_listed_twice() -> None:
    assert len(set(TRAINING_VOICES)) == len(TRAINING_VOICES) == 60


@pytest.mark.parametrize("voice", [*HELD_OUT_VOICES, *TRAINING_VOICES])
def test_every_voice_exists_and_speaks(espeak: Espeak, voice: str) -> None:
    samples, phonemes = espeak.speak("ma1", voice, Prosody())
    assert len(samples) > 1000
    assert phonemes


def test_a_voice_that_does_not_exist_is_an_error(espeak: Espeak) -> None:
    with pytest.raises(EspeakError, match="no voice"):
        espeak.speak("ma1", "nobody-has-this-voice", Prosody())
