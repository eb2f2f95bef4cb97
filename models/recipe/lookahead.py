"""OpenFst's look-ahead form of a transducer, made by its own fstconvert (Debian's libfst-tools)."""

import ctypes.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

from models.recipe.errors import StageError
from provision import debian
from provision.prefix import environment, libraries

PRIVATE_COPY: Final = Path("var/tools/openfst")
# fstconvert looks for a plug-in olabel_lookahead-fst.so, which Debian does not ship; the library that holds the same
# class registers it when it is loaded first.
_PLUG_IN: Final = "libfstlookahead.so.22"


def to_look_ahead(fst: Any, path: Path) -> dict[int, int]:
    """Write a kaldifst transducer, sorted by output, as `path` in olabel_lookahead form.

    The form renumbers output labels; gives new numbers by old ones.

    Raises:
        StageError: fstconvert fails.

    """
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        plain, relabel = Path(folder, "plain.fst"), Path(folder, "relabel")
        fst.write(str(plain))
        program, variables = _fstconvert()
        done = subprocess.run(
            [
                str(program),
                "--fst_type=olabel_lookahead",
                f"--save_relabel_opairs={relabel}",
                str(plain),
                str(path),
            ],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0 or not relabel.exists():
            raise StageError(
                f"fstconvert failed: {done.stderr.strip() or done.returncode}; is libfst-tools whole?"
            )
        pairs = (line.split() for line in relabel.read_text().splitlines())
        return {int(old): int(new) for old, new in pairs}


def _fstconvert() -> tuple[Path, dict[str, str]]:
    """Find fstconvert and the environment that it needs: the host's, else a private copy's."""
    program = shutil.which("fstconvert")
    if program and ctypes.util.find_library("fstlookahead"):
        return Path(program), {"LD_PRELOAD": _PLUG_IN}
    root = debian.unpack(["libfst-tools"], PRIVATE_COPY, suite=None)
    tools = environment(root)
    program = shutil.which("fstconvert", path=tools["PATH"])
    library = next((folder / _PLUG_IN for folder in libraries(root) if (folder / _PLUG_IN).exists()), None)
    if program is None or library is None:
        raise StageError(f"{root} holds no whole libfst-tools: delete it and run again")
    return Path(program), {**tools, "LD_PRELOAD": str(library)}
