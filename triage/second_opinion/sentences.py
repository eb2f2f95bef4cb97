"""The sentences that the model learns from: one a line, each file one side.

`police*.txt` and `other.txt` (talk that fits nothing) are to stay with police, `minsheng*.txt` may leave. `frames.tsv`
has what callers of either side say before and after the matter: put around both, it teaches that it says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from triage.boundary import load_boundary
from triage.decision import Route
from triage.errors import InputFileError
from triage.spoken_text import fold

FOLDER = Path(__file__).parent / "utterances"
_BATCH = 50  # lines: written in one go, so alike; held out together


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the training set."""

    text: str
    is_police: bool
    batch: str
    """Sentences of one batch are never on both sides of a split."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Words before and after the matter."""

    before: str
    after: str

    def around(self, text: str) -> str:
        """Put them around a sentence."""
        return f"{self.before}{text}{self.after}"


def load_frames(folder: Path = FOLDER) -> list[Frame]:
    """Read `frames.tsv`: a head line, then two columns."""
    rows = (folder / "frames.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [Frame(*row.split("\t")) for row in rows if row.strip()]


def load_sentences(folder: Path = FOLDER) -> list[Sentence]:
    """Read every file of a folder; raises InputFileError for a sentence that stands on both sides."""
    found: dict[str, Sentence] = {}
    for file in sorted(folder.glob("*.txt")):
        is_police = not file.stem.startswith("minsheng")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            text = line.strip()
            if not text:
                continue
            if text in found and found[text].is_police != is_police:
                raise InputFileError(
                    file, number, f"{text!r} stands on the other side as well ({found[text].batch})"
                )
            found.setdefault(text, Sentence(text, is_police, f"{file.stem}/{number // _BATCH}"))
    if not found:
        raise InputFileError(folder, 0, "no sentences here")
    return list(found.values())


def load_agreed() -> list[Sentence]:
    """Return the examples of the boundary: what people have agreed on is taught as well."""
    return [
        Sentence(text, entry.route is Route.POLICE, f"boundary/{entry.id}")
        for entry in load_boundary().entries()
        for text in entry.examples
        if fold(text).letters
    ]
