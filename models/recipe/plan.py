"""What is to be built, and where it lies."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from models.recipe.errors import StageError
from models.recipe.size import Size


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
        self.work.mkdir(parents=True, exist_ok=True)
        mark = self.work / "recipe.json"
        mine = {
            "seed": self.seed,
            "human": [corpus.name for corpus in self.human],
            **asdict(self.size),
        }
        if mark.exists() and json.loads(mark.read_text()) != mine:
            raise StageError(f"{self.work} was made with other numbers: delete it or give another --work")
        mark.write_text(json.dumps(mine, indent=2) + "\n")
