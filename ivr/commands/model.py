"""`python -m ivr model`: speech models, listed, installed, chosen."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn
from rich.table import Table

from asr.catalogue import OFFICIAL, official
from asr.download import alone, download, sha256_of
from asr.errors import AsrError, ShelfBusy
from asr.fitness import wide_band_warning
from asr.models import ModelInfo, ModelShelf
from ivr.commands import settings
from ivr.config import BUNDLED_MODEL
from ivr.terminal import plain

_DOWNLOADS = ".downloads"
"""Below the shelf: no model has such a name."""
_SHA256 = re.compile("[0-9a-fA-F]{64}")


@click.group(help="语音模型：查看、安装、选用。")
def command() -> None:
    """Group of the model commands."""


def _shelf(ctx: click.Context) -> ModelShelf:
    return ModelShelf(BUNDLED_MODEL, settings(ctx).models_dir)


@command.command("list", help="列出自带和已安装的模型，* 为当前选用。")
@click.option("--json", "as_json", is_flag=True, help="每行一个 JSON 对象。")
@click.pass_context
def list_models(ctx: click.Context, *, as_json: bool) -> None:
    """Print the shelf."""
    models = _shelf(ctx).list()
    if as_json:
        for model in models:
            print(json.dumps(_as_json(model), ensure_ascii=False))
        return
    table = Table(box=None)
    for heading in ("", "名称", "采样率", "大小", "说明"):
        table.add_column(heading)
    for model in models:
        table.add_row(
            "*" if model.active else "",
            model.name + ("（自带）" if model.bundled else ""),
            f"{model.sample_rate} Hz",
            f"{model.size_bytes / 1e6:.1f} MB",
            plain(model.description),
        )
    Console().print(table)


@command.command(help="列出官方的中文 Vosk 模型（install 可以直接用它们的名称）。")
@click.option("--json", "as_json", is_flag=True, help="每行一个 JSON 对象。")
def catalogue(*, as_json: bool) -> None:
    """Print what can be installed by name."""
    if as_json:
        for model in OFFICIAL:
            print(json.dumps({**asdict(model), "url": model.url}, ensure_ascii=False))
        return
    table = Table("名称", "下载", "许可", "公布的错字率（%）", "说明", box=None)
    for model in OFFICIAL:
        table.add_row(model.name, f"{model.size_mb} MB", model.licence, model.error_rates, model.about)
    Console().print(table)
    print("错字率是宽带录音上的；电话线只有 8 kHz，会差一些：用 python -m asr evaluate 在自己的录音上衡量。")


@command.command(help="安装一个 Vosk 模型：zip 文件、文件夹、下载地址，或官方模型的名称（见 catalogue）。")
@click.argument("source")
@click.option("--sha256", help="下载的文件应有的 SHA-256 校验和。")
@click.pass_context
def install(ctx: click.Context, source: str, sha256: str | None) -> None:
    """Install with a progress bar; broken models are refused and leave nothing behind."""
    shelf = _shelf(ctx)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("安装模型", total=1.0)
        if not Path(source).exists():
            with _fetched(source, sha256, settings(ctx).models_dir / _DOWNLOADS, progress, task) as file:
                progress.reset(task, total=1.0)
                model = _put(shelf, file, progress, task)
        elif sha256 is None:
            model = _put(shelf, Path(source), progress, task)
        else:
            raise click.UsageError("--sha256 只用于下载；本地文件请用 sha256sum 核对。")
    print(f"已安装 {model.name}（{model.sample_rate} Hz）。选用它：python -m ivr model use {model.name}")
    _warn_of_wide_band(model)


def _put(shelf: ModelShelf, source: Path, progress: Progress, task: TaskID) -> ModelInfo:
    return shelf.install(source, lambda step, share: progress.update(task, description=step, completed=share))


@contextmanager
def _fetched(source: str, sha256: str | None, into: Path, progress: Progress, task: TaskID) -> Iterator[Path]:
    """Download a zip by its address, or the official model of that name; it is gone after the block.

    What has come survives an interruption, and the whole file where another installation was in the way.
    """
    if "://" in source:
        url = source
    else:
        model = official(source)
        url, sha256 = model.url, sha256 or model.sha256
    sha256 = sha256 and sha256.lower()
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise click.UsageError("--sha256 应是 64 位十六进制数。")
    folder = into / hashlib.sha256(url.encode()).hexdigest()[:16]  # two addresses may end in the same name
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder.with_suffix(".lock")):
        file = folder / (Path(urlsplit(url).path).name or "model.zip")
        if not (file.exists() and (sha256 is None or sha256 == sha256_of(file))):
            progress.update(task, description="下载")
            download(
                url,
                file,
                lambda done, total: progress.update(task, completed=done, total=total),
                sha256=sha256,
            )
        try:
            yield file
        except ShelfBusy:
            raise
        except AsrError:
            shutil.rmtree(folder)
            raise
        shutil.rmtree(folder)


@command.command(help="选用一个模型；对新启动的服务生效。")
@click.argument("name")
@click.pass_context
def use(ctx: click.Context, name: str) -> None:
    """Choose the model that the next start loads."""
    shelf = _shelf(ctx)
    shelf.use(name)
    print(f"已选用 {name}。重新启动服务后生效：python -m ivr serve")
    _warn_of_wide_band(shelf.find(name))


def _warn_of_wide_band(model: ModelInfo) -> None:
    if warning := wide_band_warning(model.sample_rate):
        print(f"注意：{model.name} {warning}。")


def _as_json(model: ModelInfo) -> dict[str, object]:
    return {
        "name": model.name,
        "path": str(model.path),
        "sample_rate": model.sample_rate,
        "size_bytes": model.size_bytes,
        "bundled": model.bundled,
        "active": model.active,
        "description": model.description,
    }
