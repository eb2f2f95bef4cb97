"""Finding and loading libespeak-ng: the host's, else a private copy of the distribution's package."""

import ctypes as c
import ctypes.util
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from models.recipe.errors import EspeakError
from provision import debian

PRIVATE_COPY: Final = Path("var/tools/espeak")


def load(private_copy: Path) -> tuple[c.CDLL, Path | None]:
    """Load the host's library (data folder None: where it expects it), else a private copy's.

    Raises:
        EspeakError: the private copy is not whole.

    """
    if name := ctypes.util.find_library("espeak-ng"):
        with suppress(OSError):  # a stale cache of the loader's may name a library that is gone
            return c.CDLL(name), None
    root = debian.unpack(["libespeak-ng1", "espeak-ng-data"], private_copy, suite=None)
    return _load_from(root)


def _load_from(root: Path) -> tuple[c.CDLL, Path]:
    """Load libespeak-ng from an unpacked tree.

    Raises:
        EspeakError: the tree lacks the library, one that it needs, or the data.

    """
    libraries = {path.name: path for path in sorted(root.rglob("*.so*"))}
    data = next(iter(sorted(root.rglob("espeak-ng-data"))), None)
    if "libespeak-ng.so.1" not in libraries or data is None:
        raise EspeakError(f"{root} holds no whole espeak-ng: delete it and run again")
    return _load_with_needed("libespeak-ng.so.1", libraries), data


def _load_with_needed(name: str, libraries: dict[str, Path]) -> c.CDLL:
    """Load a library; whatever the loader misses is loaded first, from the same tree.

    A library's needs are met by name once another of that name is in the process, so no search path has to change.
    """
    for _ in range(len(libraries) + 1):
        try:
            return c.CDLL(str(libraries[name]), mode=c.RTLD_GLOBAL)
        except OSError as error:
            missing = re.match(r"(\S+): cannot open shared object file", str(error))
            if missing is None or missing[1] not in libraries:
                raise EspeakError(
                    f"{name} does not load: {error}; install espeak-ng on this machine"
                ) from error
            _load_with_needed(missing[1], libraries)
    raise EspeakError(f"{name} does not load from the private copy; install espeak-ng on this machine")
