"""Bring a foreign archive or folder into an empty one of ours, and nothing but that.

Refused: paths that leave the folder (zip-slip), absolute and Windows paths, symbolic links and devices,
encrypted or duplicate entries, and more bytes or files than any model has. Limits are counted on what is
really written, not on what the archive claims.
"""

import errno
import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from asr.errors import ModelBroken, ModelRefused

MAX_BYTES = 8 << 30  # the biggest official model unpacks to about 2 GiB, those with RNNLM to 4 GiB
MAX_FILES = 10_000  # real models have 10 to 40
_PIECE = 1 << 20
# What zipfile raises for damaged archives, found by damaging them.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    ValueError,
)
_IGNORED = frozenset({"__MACOSX", ".DS_Store"})  # what macOS adds to every archive


@dataclass
class _Meter:
    """Counts what is written against the limits, and tells how far it is."""

    total: int  # bytes that the source claims; only for the progress shown
    limit: int
    progress: Callable[[float], None]
    written: int = 0
    names: set[str] = field(default_factory=set)

    def claim(self, name: str) -> None:
        """Count one more file; refuse the same name twice."""
        if name.casefold() in self.names:
            raise ModelRefused(f"模型包里有重名文件 {name!r}。请换用官方模型包。")
        self.names.add(name.casefold())
        if len(self.names) > MAX_FILES:
            raise ModelRefused(f"模型包里的文件多于 {MAX_FILES} 个，不像语音模型。请换用官方模型包。")

    def pour(self, source: IO[bytes], target: Path) -> None:
        """Write one file, piece by piece."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            while piece := source.read(_PIECE):
                self.written += len(piece)
                if self.written > self.limit:
                    raise ModelRefused(
                        f"模型解开后超过 {self.limit >> 20} MiB，不像语音模型。请换用官方模型包。"
                    )
                file.write(piece)
                self.progress(min(1.0, self.written / max(1, self.total)))


def safe_parts(name: str) -> tuple[str, ...]:
    """Split an archive's path into its parts. Raises ModelRefused for one that could leave our folder."""
    path = PurePosixPath(name)
    bad = (
        not path.parts
        or path.is_absolute()
        or ".." in path.parts
        or "\\" in name
        or ":" in path.parts[0]
        or any(not character.isprintable() for character in name)
    )
    if bad:
        raise ModelRefused(f"模型包里的路径 {name!r} 不安全，已拒绝安装。请只安装来源可靠的模型。")
    return path.parts


def unpack_zip(
    source: Path, target: Path, progress: Callable[[float], None], *, limit: int = MAX_BYTES
) -> None:
    """Unpack a zip file into the empty folder `target`; progress is told 0..1.

    Raises ModelBroken for a damaged archive, ModelRefused for an unsafe one.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            entries = list(_entries(archive))
            meter = _Meter(sum(entry.file_size for entry, _ in entries), limit, progress)
            _check_room(target, min(meter.total, limit))
            for entry, parts in entries:
                meter.claim("/".join(parts))
                with archive.open(entry) as file:
                    meter.pour(file, target.joinpath(*parts))
    except _DAMAGE as error:
        raise ModelBroken(f"{source.name} 不是完好的 zip 文件（{error}）。请重新下载再安装。") from error
    except FileExistsError as error:
        raise ModelRefused(f"模型包里的文件和目录互相冲突（{error.filename}）。请换用官方模型包。") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a damaged offset makes zipfile seek to before the file
            raise
        raise ModelBroken(f"{source.name} 不是完好的 zip 文件（{error}）。请重新下载再安装。") from error


def _entries(archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, tuple[str, ...]]]:
    """Yield the archive's files with their safe paths; refuses links, devices and encrypted entries."""
    for entry in archive.infolist():
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
            raise ModelRefused(f"模型包里的 {entry.filename!r} 是链接或设备，已拒绝安装。")
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise ModelRefused(f"{archive.filename} 的压缩方式不常见。请先解开，再用目录安装。")
        if entry.flag_bits & 0x1:  # APPNOTE 4.4.4: bit 0, encrypted
            raise ModelRefused(f"{archive.filename} 有密码。请先解开，再用目录安装。")
        parts = safe_parts(entry.filename)
        if not entry.is_dir() and not _IGNORED.intersection(parts):
            yield entry, parts


def copy_folder(
    source: Path, target: Path, progress: Callable[[float], None], *, limit: int = MAX_BYTES
) -> None:
    """Copy a folder's files into the empty folder `target`; progress is told 0..1.

    Raises ModelRefused for links, devices, or too much. Hidden entries (`.git`) are left out.
    """
    files: list[Path] = []
    for folder, folders, names in os.walk(source):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _IGNORED]
        for name in [*folders, *names]:
            mode = Path(folder, name).lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise ModelRefused(
                    f"模型目录里的 {Path(folder, name)} 是链接或设备，已拒绝安装。请换成真实文件。"
                )
        files += [Path(folder, name) for name in names if not name.startswith(".")]
        if len(files) > MAX_FILES:
            raise ModelRefused(f"{source} 里的文件多于 {MAX_FILES} 个，不像语音模型。请指定模型自己的目录。")
    meter = _Meter(sum(path.stat().st_size for path in files), limit, progress)
    if meter.total > limit:
        raise ModelRefused(f"{source} 超过 {limit >> 20} MiB，不像语音模型。请指定模型自己的目录。")
    _check_room(target, meter.total)
    for path in files:
        with path.open("rb") as file:
            meter.pour(file, target / path.relative_to(source))


def _check_room(target: Path, needed: int) -> None:
    """Raise ModelRefused when the disk has not the room that the source claims to need."""
    free = shutil.disk_usage(target).free
    if needed > free:
        raise ModelRefused(
            f"磁盘空间不足：需要 {needed >> 20} MiB，剩余 {free >> 20} MiB。请清理磁盘或换一个模型目录。"
        )
