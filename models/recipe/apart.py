"""Work in processes of its own: C libraries that do not live together in one, or remember what they did before."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import ParamSpec, TypeVar

from models.recipe.errors import StageError

P = ParamSpec("P")
R = TypeVar("R")


def apart(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function in a new process, which ends with it; gives or raises what the function does.

    Raises:
        StageError: the process was killed.

    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        try:
            return process.submit(function, *args, **kwargs).result()
        except BrokenProcessPool as error:
            raise StageError(
                "a process was killed, perhaps for want of memory: run again, what is done is kept"
            ) from error


def make_missing(
    folder: Path,
    number: int,
    make: Callable[[Path, str], None],
    seed: int,
    progress: Callable[[int, int], None],
) -> None:
    """Let `make(path, seed)` make every `shard-….npz` of `folder` that is not there yet, on all cores.

    Every shard has a process and a random stream of its own, so that an interrupted run makes the same as one in one
    go. `progress` is told (shards done, shards in all).
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (folder / f"shard-{index:03d}.npz" for index in range(number))
    missing = [path for path in wanted if not path.exists()]
    progress(number - len(missing), number)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        jobs = [threads.submit(apart, make, path, f"{seed}/{path.stem}") for path in missing]
        try:
            for done, job in enumerate(as_completed(jobs), start=number - len(missing) + 1):
                job.result()
                progress(done, number)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
