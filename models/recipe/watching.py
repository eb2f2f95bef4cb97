"""How somebody watches a build: bars on a terminal, now and then a line where the output goes into a file."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from models.recipe.report import Advance, Report

_EVERY_S: Final = 60.0
_COLUMNS: Final = (
    TextColumn("{task.description:>9}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeElapsedColumn(),
    TimeRemainingColumn(),
    TextColumn("{task.fields[about]}", markup=False),
)


@contextmanager
def watching(console: Console) -> Iterator[Report]:
    """Give what shows a build's stages on this console."""
    if not console.is_terminal:
        yield Lines(lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True))
        return
    with Progress(*_COLUMNS, console=console) as progress:
        yield _Bars(progress)


class _Bars:
    """Shows every stage as a progress bar."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    @contextmanager
    def stage(self, name: str) -> Iterator[Advance]:
        """Show a bar for a stage while it runs."""
        task = self._progress.add_task(name, total=None, about="")

        def advance(done: int, total: int, about: str) -> None:
            self._progress.update(task, completed=done, total=total, about=about)

        yield advance
        self._progress.stop_task(task)


class Lines:
    """Says at most once a minute how far a stage has come, and how long it took."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock

    @contextmanager
    def stage(self, name: str) -> Iterator[Advance]:
        """Tell of a stage while it runs."""
        began = last = self._clock()

        def advance(done: int, total: int, about: str) -> None:
            nonlocal last
            if self._clock() - last >= _EVERY_S:
                last = self._clock()
                self._say(f"{name}: {done} of {total} {about}")

        yield advance
        self._say(f"{name}: done in {(self._clock() - began) / 60:.1f} min")
