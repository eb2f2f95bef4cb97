from random import Random

import numpy as np
import pytest

from models.recipe.espeak import Espeak
from models.recipe.features import SAMPLE_RATE
from models.recipe.studio import Studio
from models.recipe.units import GARBAGE, INDEX, SILENCE


def test_a_reading_has_silence_before_and_after(espeak: Espeak) -> None:
    utterance = Studio(espeak, Random(1)).read([["着火", "了"]], "f5", level=0.0)
    assert utterance is not None
    assert utterance.units[0] == (INDEX[SILENCE], 0)
    first, last = utterance.units[1][1], utterance.units[-1][1]
    assert 0.05 * SAMPLE_RATE <= first <= 1.3 * SAMPLE_RATE
    assert 0.15 * SAMPLE_RATE <= len(utterance.samples) - last <= 1.6 * SAMPLE_RATE


def test_readings_differ_in_speed_and_sound(espeak: Espeak) -> None:
    studio = Studio(espeak, Random(1))
    readings = [studio.read([["着火", "了"]], "f5") for _ in range(10)]
    lengths = {len(reading.samples) for reading in readings if reading is not None}
    assert len(lengths) >= 9


def test_what_cannot_be_spoken_gives_nothing(espeak: Espeak) -> None:
    assert Studio(espeak, Random(1)).read([["abc"]], "f5") is None


def test_examples_are_sentences_salad_and_idle_lines(espeak: Espeak) -> None:
    studio = Studio(espeak, Random(1))
    made = [example for _ in range(160) if (example := studio.random_example(0.5)) is not None]
    assert len(made) > 140
    idle = [utterance for utterance, _ in made if utterance.units == ((0, 0),)]
    sentences = [text for _, text in made if text]
    garbage = [u for u, _ in made if any(unit == INDEX[GARBAGE] for unit, _ in u.units)]
    assert 1 <= len(idle) <= 20
    assert 45 <= len(sentences) <= 110
    assert 3 <= len(garbage) <= 60
    assert all(np.isfinite(utterance.samples).all() for utterance, _ in made)


@pytest.mark.parametrize(("share", "texts"), [(0.0, True), (1.0, False)])
def test_the_share_of_word_salad_is_kept(espeak: Espeak, share: float, texts: bool) -> None:  # noqa: FBT001
    studio = Studio(espeak, Random(3))
    made = [example for _ in range(30) if (example := studio.random_example(share)) is not None]
    spoken = [text for utterance, text in made if len(utterance.units) > 1]
    assert spoken
    assert all(bool(text) is texts for text in spoken)
