"""The model's conf/ folder: the settings that libvosk reads."""

from pathlib import Path
from typing import Final

from models.recipe.features import CEPSTRA, HIGH_HZ, LOW_HZ, PITCH_CONTEXT, SAMPLE_RATE, SUBSAMPLING
from models.recipe.phones import SILENCE_PHONE

_MFCC: Final = f"""\
--use-energy=false
--sample-frequency={SAMPLE_RATE}
--num-mel-bins={CEPSTRA}
--num-ceps={CEPSTRA}
--low-freq={LOW_HZ}
--high-freq={HIGH_HZ}
--dither=0.0
"""
_PITCH: Final = f"""\
--sample-frequency={SAMPLE_RATE}
--delta-pitch-noise-stddev=0.0
--normalization-right-context={PITCH_CONTEXT}
"""
# The search is narrow because many calls share a core: --min-active=200 with --beam=13.0 costs twice the time and hears
# no better (README.md of the bundled model).
# A caller who has spoken is answered after half a second of silence when the sentence may end there (rule 2), a second
# when it may not (rule 3), and two in any case (rule 4).
_DECODER: Final = f"""\
--min-active=20
--max-active=5000
--beam=13.0
--lattice-beam=6.0
--acoustic-scale=0.6
--frame-subsampling-factor={SUBSAMPLING}
--endpoint.silence-phones={SILENCE_PHONE}
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=1.0
--endpoint.rule4.min-trailing-silence=2.0
"""


def write_conf(folder: Path) -> None:
    """Write mfcc.conf, pitch.conf and model.conf."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("mfcc", _MFCC), ("pitch", _PITCH), ("model", _DECODER)):
        (folder / f"{name}.conf").write_text(text)
