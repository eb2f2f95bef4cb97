"""The shelf of speech models: the bundled one and those that an operator installed.

A model becomes visible by one rename, after its files were checked and libvosk has really loaded it in a
process of its own. Whatever goes wrong before leaves nothing behind. The choice is one line in the file
`ACTIVE`; without it the bundled model is used. A chosen model that is gone is an error, never a silent change
to another: the bundled one hears synthetic voices, and people badly.
"""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from asr import model_files
from asr.errors import ModelBroken, ModelExists, ModelNotFound, ModelRefused, ShelfBusy
from asr.trial import try_model
from asr.unpacking import MAX_BYTES, copy_folder, unpack_zip

_LOG = structlog.get_logger(__name__)

BUNDLED = "bundled"
Progress = Callable[[str, float], None]  # (what is being done, zh-CN; 0..1 of that step)

_CHOICE = "ACTIVE"
_LOCK = ".lock"
_INCOMING = ".incoming-"
_NAME = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}"
)  # what official models are called; safe as a file name


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model on the shelf."""

    name: str
    path: Path
    sample_rate: int  # Hz
    size_bytes: int
    bundled: bool
    active: bool
    description: str  # one line of model.json or README; may be empty


class ModelShelf:
    """Models at `bundled` (one model's folder) and below `installed` (one folder each; made when needed)."""

    def __init__(
        self,
        bundled: Path,
        installed: Path,
        *,
        trial: Callable[[Path], None] = try_model,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """`trial` raises ModelBroken for a model that does not load; `max_bytes` limits one model's size."""
        self._bundled = bundled
        self._installed = installed
        self._trial = trial
        self._max_bytes = max_bytes

    def list(self) -> tuple[ModelInfo, ...]:
        """Return all whole models, the bundled one first, the others by name."""
        chosen = self._chosen()
        return tuple(self._info(name, path, chosen) for name, path in self._whole())

    def find(self, name: str) -> ModelInfo:
        """Return the model of that name. Raises ModelNotFound."""
        whole = dict(self._whole())
        if name not in whole:
            raise ModelNotFound(
                f"没有名为 {name!r} 的语音模型；现有：{', '.join(whole) or '无'}。"
                "请用 python -m ivr model install 安装。"
            )
        return self._info(name, whole[name], self._chosen())

    def active(self) -> ModelInfo:
        """Return the model that is to be used. Raises ModelNotFound when it is not (or no longer) there."""
        return self.find(self._chosen())

    def use(self, name: str) -> None:
        """Choose the model to be used from the next start on. Raises ModelNotFound."""
        self.find(name)
        self._installed.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{_CHOICE}-", dir=self._installed)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{name}\n")
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._installed / _CHOICE)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def install(self, source: Path, progress: Progress = lambda _step, _share: None) -> ModelInfo:
        """Install a model from a zip file or a folder; its name is that of the model's top folder.

        Blocking: unpacks, checks, and loads it once in another process. Raises ModelNotFound (no such
        source), ModelRefused (unsafe), ModelBroken (damaged or incomplete), ModelExists, ShelfBusy.
        """
        if not source.exists():
            raise ModelNotFound(f"找不到 {source}。请给出 Vosk 模型的 zip 文件或目录。")
        self._installed.mkdir(parents=True, exist_ok=True)
        with self._incoming() as incoming:
            unpack = copy_folder if source.is_dir() else unpack_zip
            unpack(source, incoming, lambda share: progress("解开文件", share), limit=self._max_bytes)
            root = _root(incoming)
            name = _name(source if root == incoming else root)
            target = self._installed / name
            if target.exists():
                raise ModelExists(f"模型 {name} 已经安装。要重新安装，请先删除目录 {target}。")
            model_files.check(root)
            model_files.sample_rate(root)
            progress("试加载模型", 0.0)
            self._trial(root)
            progress("试加载模型", 1.0)
            root.chmod(0o755)  # mkdtemp's 0700 would hide it from the service's own user
            root.rename(target)
        return self.find(name)

    @contextmanager
    def _incoming(self) -> Iterator[Path]:
        """Hold the shelf's lock and an empty folder beside the models; leaves nothing behind."""
        with (self._installed / _LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ShelfBusy("另一个安装正在进行，请等它结束后再试。") from None
            for stale in self._installed.glob(f"{_INCOMING}*"):  # of an installation that was killed
                shutil.rmtree(stale, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=self._installed))
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def _whole(self) -> Iterator[tuple[str, Path]]:
        """Yield (name, folder) of every model that has all its files; broken ones are logged."""
        places = [(BUNDLED, self._bundled)] if self._bundled.is_dir() else []
        if self._installed.is_dir():
            folders = sorted(path for path in self._installed.iterdir() if path.is_dir())
            places += [(path.name, path) for path in folders if _NAME.fullmatch(path.name)]
        for name, path in places:
            try:
                model_files.check(path)
                model_files.sample_rate(path)
            except ModelBroken as error:
                _LOG.warning("model.ignored", model=name, reason=str(error))
            else:
                yield name, path

    def _chosen(self) -> str:
        """Return the name in the choice file; the bundled model's when there is none."""
        try:
            return (self._installed / _CHOICE).read_text(
                encoding="utf-8", errors="replace"
            ).strip() or BUNDLED
        except FileNotFoundError:
            return BUNDLED

    def _info(self, name: str, path: Path, chosen: str) -> ModelInfo:
        """Describe a model."""
        return ModelInfo(
            name=name,
            path=path,
            sample_rate=model_files.sample_rate(path),
            size_bytes=model_files.size_bytes(path),
            bundled=path == self._bundled,
            active=name == chosen,
            description=model_files.description(path),
        )


def _root(folder: Path) -> Path:
    """Return the folder that holds the model's files: this one, or the only one in it."""
    if (folder / "am").is_dir() or (folder / "conf").is_dir():
        return folder
    inner = [path for path in folder.iterdir() if path.is_dir()]
    if len(inner) != 1:
        raise ModelBroken("里面没有 Vosk 模型（am/、conf/、graph/）。请给出模型的 zip 文件或其目录。")
    return inner[0]


def _name(path: Path) -> str:
    """Return the name that a model from `path` gets. Raises ModelRefused for an unsafe one."""
    name = path.name.removesuffix(".zip")
    if not _NAME.fullmatch(name) or name in {BUNDLED, _CHOICE}:
        raise ModelRefused(f"{name!r} 不能作模型名。请把目录或 zip 改名，只用字母、数字、点、横线。")
    return name


def chosen(wanted: str | None, shelf: ModelShelf) -> tuple[Path, str]:
    """Folder and name of the model that was asked for: a folder, a name, or the active one. Raises ModelNotFound."""
    if wanted is not None and Path(wanted).is_dir():
        return Path(wanted), Path(wanted).resolve().name
    info = shelf.active() if wanted is None else shelf.find(wanted)
    return info.path, info.name
