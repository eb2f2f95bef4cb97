"""`python -m ivr model`: speech models, listed, installed, chosen."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from asr.models import ModelInfo, ModelShelf
from ivr.commands import settings
from ivr.config import BUNDLED_MODEL
from ivr.terminal import plain


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


@command.command(help="从 zip 文件或文件夹安装一个 Vosk 模型。")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.pass_context
def install(ctx: click.Context, source: Path) -> None:
    """Install with a progress bar; broken models are refused and leave nothing behind."""
    shelf = _shelf(ctx)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("安装模型", total=1.0)
        model = shelf.install(
            source, lambda step, share: progress.update(task, description=step, completed=share)
        )
    print(f"已安装 {model.name}（{model.sample_rate} Hz）。选用它：python -m ivr model use {model.name}")


@command.command(help="选用一个模型；对新启动的服务生效。")
@click.argument("name")
@click.pass_context
def use(ctx: click.Context, name: str) -> None:
    """Choose the model that the next start loads."""
    _shelf(ctx).use(name)
    print(f"已选用 {name}。重新启动服务后生效：python -m ivr serve")


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
