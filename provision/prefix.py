"""How programs of an unpacked folder are started."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from provision.errors import ProvisionError

if TYPE_CHECKING:
    from pathlib import Path


def libraries(prefix: Path) -> tuple[Path, ...]:
    """Folders of shared libraries below `prefix`: the multi-arch ones and their sub-folders of single libraries."""
    multiarch = sorted((prefix / "usr" / "lib").glob("*-linux-gnu*"))
    inner = [f for m in multiarch for f in sorted(m.iterdir()) if f.is_dir() and any(f.glob("lib*.so.*"))]
    return (*multiarch, *inner)


def loader(prefix: Path) -> Path:
    """The folder's own program loader (ld.so), for packages of another suite. Raises ProvisionError without one."""
    for folder in libraries(prefix):
        found = sorted(folder.glob("ld-linux*.so.*"))
        if found:
            return found[0]
    raise ProvisionError(
        f"{prefix} has no loader of its own: its packages are of the host's suite and need none."
    )


def environment(prefix: Path) -> dict[str, str]:
    """This process's environment with the programs and libraries of `prefix` (suite None) put first.

    For programs of the host's own suite only; of another suite they need `loader`.
    """
    path = f"{prefix}/usr/bin:{prefix}/usr/sbin"
    found = os.environ.get("PATH")
    own = {
        "PATH": f"{path}:{found}" if found else path,
        "LD_LIBRARY_PATH": ":".join(map(str, libraries(prefix))),
    }
    return {**os.environ, **own}
