"""Lexicon and language model together, kept in a file between the stages."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from models.recipe.errors import StageError
from models.recipe.language_model import Arc, LanguageModel
from models.recipe.lexicon import Lexicon


@dataclass(frozen=True, slots=True)
class Language:
    """What can be heard (words and their sounds) and how likely it is."""

    lexicon: Lexicon
    model: LanguageModel

    def save(self, path: Path) -> None:
        """Write both as JSON."""
        model = self.model
        content = {
            "lexicon": self.lexicon,
            "states": model.states,
            "start": model.start,
            "arcs": [(arc.source, arc.target, arc.word, arc.cost) for arc in model.arcs],
            "finals": model.finals,
        }
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            StageError: there is no such file.

        """
        if not path.exists():
            raise StageError(f"no language model at {path}: run the lm stage first")
        content = json.loads(path.read_text(encoding="utf-8"))
        model = LanguageModel(
            content["states"],
            content["start"],
            tuple(Arc(*arc) for arc in content["arcs"]),
            tuple((state, cost) for state, cost in content["finals"]),
        )
        sounds = {word: tuple(map(tuple, spoken)) for word, spoken in content["lexicon"].items()}
        return cls(sounds, model)
