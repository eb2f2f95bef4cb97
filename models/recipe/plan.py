"""What is to be built, and where it lies."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from models.recipe.errors import StageError
from models.recipe.size import Size

DATA: Final = 2
"""Number of the kind of data that the stages leave in a work folder; another kind is not gone on with."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to build, from which seed, and where."""

    size: Size
    seed: int
    work: Path
    phrase_files: tuple[Path, ...] = ()
    text_files: tuple[Path, ...] = ()
    """Sentences that people might say, one a line, for the language model."""
    human: tuple[Path, ...] = ()
    """Corpora of people's recordings."""
    licence: str = ""
    """What the finished model may be used for, in a few words."""

    @property
    def model(self) -> Path:
        """The folder of the finished model."""
        return self.work / "model"

    @property
    def shards(self) -> Path:
        """The folder of training data."""
        return self.work / "data"

    @property
    def net(self) -> Path:
        """The trained net."""
        return self.work / "net.pt"

    def claim(self) -> None:
        """Make sure that what lies in the work folder was made by the same recipe."""
        claim(
            self.work,
            {"seed": self.seed, "human": [corpus.name for corpus in self.human], **asdict(self.size)},
        )


def claim(work: Path, what: Mapping[str, object]) -> None:
    """Take a work folder for what is to be made; whatever half done lies in it must be of the same.

    Raises:
        StageError: it is of something else, or of another recipe.

    """
    work.mkdir(parents=True, exist_ok=True)
    mark = work / "recipe.json"
    mine = {"data": DATA, **what}
    if mark.exists() and json.loads(mark.read_text()) != mine:
        raise StageError(f"{work} was made with other numbers: delete it or give another --work")
    mark.write_text(json.dumps(mine, indent=2) + "\n")
