"""The prompts of a running system: read once, kept in memory, ready for AudioSocket."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import structlog

from ivr.prompts.errors import PromptMissing
from ivr.prompts.texts import load_texts
from ivr.prompts.wav import read_wav

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FOLDER = Path(__file__).with_name("zh-CN")
"""The files made from prompts.yaml. Asterisk plays them too: they are 8 kHz, 16 bit, mono."""
WAITING_MUSIC = "waiting"
"""Played by Asterisk only, so it may lie in a folder of recordings, but calls do not need it here."""
ANNOUNCEMENT = "please_hold"
"""Played by Asterisk only, too, between stretches of the music."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def folder_for_asterisk(own: Path | None) -> Path:
    """The folder of what Asterisk itself plays in its queues: the operator's if it has any of that, else ours.

    It is taken as a whole: where only the music is the operator's, there is no announcement in another voice.
    """
    if own is not None and any((own / f"{key}.wav").is_file() for key in (ANNOUNCEMENT, WAITING_MUSIC)):
        return own
    return FOLDER


class Prompts:
    """Every prompt as s16le mono 8 kHz audio: `prompts["greeting"]`. Immutable, for all calls."""

    __slots__ = ("_audio", "_sources")

    def __init__(self, audio: Mapping[str, bytes], sources: Mapping[str, Path]) -> None:
        self._audio = MappingProxyType(dict(audio))
        self._sources = MappingProxyType(dict(sources))

    @classmethod
    def load(cls, folders: Sequence[Path] = (FOLDER,), keys: Iterable[str] | None = None) -> Prompts:
        """Read KEY.wav for every key (None: those of prompts.yaml) from the first of the folders that has it.

        Recordings of any rate and width are converted. A file that is no prompt's is warned of: it is most
        likely one whose name is misspelt. Raises PromptMissing, PromptUnreadable.
        """
        wanted = tuple(load_texts()) if keys is None else tuple(keys)
        for folder in folders:
            if not folder.is_dir():
                raise PromptMissing(
                    f"the folder of prompts {folder} is not there; make it or take it out of config.yaml"
                )
            strays = sorted(p.name for p in folder.glob("*.wav") if p.stem not in (*wanted, WAITING_MUSIC))
            if strays:
                log.warning("prompts.unknown_files", folder=str(folder), files=strays, known=list(wanted))
        sources = {key: _find(key, folders) for key in wanted}
        return cls({key: read_wav(path).astype("<i2").tobytes() for key, path in sources.items()}, sources)

    def __getitem__(self, key: str) -> bytes:
        return self._audio[key]

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys."""
        return tuple(self._audio)

    def source(self, key: str) -> Path:
        """The file that this prompt was read from."""
        return self._sources[key]


def _find(key: str, folders: Sequence[Path]) -> Path:
    for folder in folders:
        path = folder / f"{key}.wav"
        if path.is_file():
            return path
    searched = ", ".join(str(folder) for folder in folders)
    raise PromptMissing(
        f"prompt {key}.wav is in none of: {searched}; run `python -m ivr.prompts make --only {key}`"
    )
