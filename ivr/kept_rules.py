"""The rules that were last in use, kept among the data: what a node starts with when those on disk are broken.

A mistake in a rule file may lie there for days, since the running node goes on with the rules that it has. When that
node has to begin anew, callers are served better by the rules of yesterday than by none.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import structlog

from triage.engine import Triage

log = structlog.get_logger(__name__)

_TOWN = "town.yaml"


class KeptRules:
    """Loads the rules from the admin's files, and keeps a copy of those that were sound in a folder of its own."""

    def __init__(self, folder: Path, *, lexicon: Path, town: Path | None) -> None:
        """`folder`: for the copy. `lexicon`: the folder of YAML files, `town`: the file of a town's changes."""
        self._folder = folder
        self._old = folder.with_suffix(".old")
        self._lexicon = lexicon
        self._town = town

    def load(self) -> Triage:
        """The admin's rules, of which a copy is kept. Raises TriageError, OSError."""
        before = _files(self._lexicon, self._town)
        triage = Triage.load(self._lexicon, town_file=self._town)
        if before is not None and before == _files(self._lexicon, self._town):
            self._keep(before)  # else they are being edited, and what was loaded is not known
        return triage

    def load_last(self) -> Triage:
        """The rules as they were when they were last sound. Raises TriageError, OSError: there may be none."""
        folder = self._folder if self._folder.exists() else self._old  # killed in the middle of `_keep`
        town = folder / _TOWN
        return Triage.load(folder / "lexicon", town_file=town if town.exists() else None)

    def _keep(self, files: dict[Path, bytes]) -> None:
        """Replace the copy, unless it is the same; where that fails the rules are in use all the same."""
        town = self._folder / _TOWN
        fresh = self._folder.with_suffix(".new")
        try:
            if files == _files(self._folder / "lexicon", town if town.exists() else None):
                return
            shutil.rmtree(fresh, ignore_errors=True)
            for name, content in files.items():
                (fresh / name).parent.mkdir(parents=True, exist_ok=True)
                (fresh / name).write_bytes(content)
            for path in (*fresh.rglob("*"), fresh):
                _to_disk(path)  # a copy lost with the power would be missed on the next start
            if self._folder.exists():
                shutil.rmtree(self._old, ignore_errors=True)
                self._folder.rename(self._old)
            fresh.rename(self._folder)
            _to_disk(self._folder.parent)  # else the old copy could be gone and the new one not yet there
            shutil.rmtree(self._old, ignore_errors=True)
        except OSError as error:
            log.warning("triage.not_kept", folder=str(self._folder), reason=str(error))


def _to_disk(path: Path) -> None:
    """Wait until a file's content, or a folder's list, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _files(lexicon: Path, town: Path | None) -> dict[Path, bytes] | None:
    """What the rules consist of, by the name that it has in the copy; None where it cannot be read just now."""
    try:
        files = {
            "lexicon" / file.relative_to(lexicon): file.read_bytes()
            for file in sorted(lexicon.rglob("*.yaml"))
        }
        return {**files, Path(_TOWN): town.read_bytes()} if town else files
    except OSError:
        return None
