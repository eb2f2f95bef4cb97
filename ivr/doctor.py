"""Examines everything that the system stands on. Changes nothing."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import make_url

from asr.errors import AsrError
from asr.models import ModelShelf
from asr.vosk_engine import VoskEngine
from ivr.asterisk.errors import AsteriskError, AsteriskNotFound
from ivr.asterisk.find import find, inspect
from ivr.asterisk.layout import Account, Layout
from ivr.asterisk.render import read_dialplans
from ivr.config import BUNDLED_MODEL, Config
from ivr.prompts import FOLDER as BUILT_IN_PROMPTS
from ivr.prompts import Prompts
from ivr.prompts.errors import PromptError
from records.errors import RecordsError, StoreRefused
from records.store import Store
from triage.engine import Triage
from triage.errors import TriageError

State = Literal["ok", "warning", "fault"]
_DISK_WANTED_BYTES = 1 << 30
_CONNECT_S = 0.5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `mend` is empty when nothing has to be done."""

    name: str
    title: str
    state: State
    what: str
    mend: str = ""

    def as_json(self) -> dict[str, str]:
        """Plain JSON types."""
        return asdict(self)


def examine(config: Config) -> list[Finding]:
    """Look at everything; never raises for what it finds."""
    checks: tuple[Callable[[Config], Iterator[Finding]], ...] = (
        _folder,
        _asterisk,
        _dialplan,
        _speech,
        _lexicon,
        _prompts,
        _database,
        _ports,
    )
    return [finding for check in checks for finding in check(config)]


def _folder(config: Config) -> Iterator[Finding]:
    folder = config.data_dir
    existing = next(f for f in (folder, *folder.parents) if f.exists())
    if not os.access(existing, os.W_OK):
        yield Finding(
            "data", "数据目录", "fault", f"{existing} 不可写", "修改权限，或在 config.yaml 中另设 data_dir"
        )
        return
    free = shutil.disk_usage(existing).free
    state: State = "ok" if free > _DISK_WANTED_BYTES else "warning"
    mend = "" if state == "ok" else "清理磁盘：数据库、日志和 Asterisk 需要 1 GB 以上"
    yield Finding("data", "数据目录", state, f"{folder}，剩余 {free / 1e9:.1f} GB", mend)


def _asterisk(config: Config) -> Iterator[Finding]:
    settings = config.asterisk
    try:
        install = find(settings.binary)
    except AsteriskNotFound:
        private = sorted(settings.data.glob("launcher/*/asterisk"))
        if private:
            yield Finding("asterisk", "Asterisk", "ok", f"自行安装的 Asterisk：{private[0]}")
        else:
            apt = shutil.which("apt-get") is not None
            yield Finding(
                "asterisk",
                "Asterisk",
                "warning" if apt else "fault",
                "本机没有 Asterisk",
                "首次启动时自动安装到数据目录"
                if apt
                else "安装 Asterisk 20.14 以上，并设置 asterisk: binary:",
            )
    except AsteriskError as error:
        yield Finding(
            "asterisk", "Asterisk", "fault", str(error), "改正 asterisk: binary:，或删去它用自动安装"
        )
    else:
        good = inspect(install.binary).version.fitness == "good"
        yield Finding(
            "asterisk",
            "Asterisk",
            "ok" if good else "warning",
            install.describe(),
            "" if good else "升级到 20.14、22.4 或更新版本",
        )
    try:
        account = Account.choose(settings.user)
    except AsteriskError as error:
        yield Finding("account", "运行用户", "fault", str(error), "改正 asterisk: user:")
    else:
        yield Finding("account", "运行用户", "ok", account.name)


def _dialplan(config: Config) -> Iterator[Finding]:
    try:
        files = read_dialplans(config.asterisk.dialplans)
    except AsteriskError as error:
        yield Finding("dialplan", "拨号方案", "fault", str(error), "恢复 dialplans/ 中上次可用的文件")
    else:
        yield Finding("dialplan", "拨号方案", "ok", f"{len(files)} 个文件，所需的上下文齐全")


def _speech(config: Config) -> Iterator[Finding]:
    shelf = ModelShelf(BUNDLED_MODEL, config.models_dir)
    try:
        model = shelf.find(config.speech.model) if config.speech.model else shelf.active()
        VoskEngine(model.path)
    except AsrError as error:
        yield Finding(
            "speech",
            "语音模型",
            "fault",
            str(error),
            "没有模型时所有来电直接转警察；python -m ivr model list",
        )
        return
    what = f"{model.name}，{model.sample_rate} Hz，{model.size_bytes / 1e6:.0f} MB"
    if model.bundled:
        yield Finding(
            "speech",
            "语音模型",
            "warning",
            what + "：只听得懂合成语音",
            "接真人前：python -m ivr model install",
        )
    else:
        yield Finding("speech", "语音模型", "ok", what)


def _lexicon(config: Config) -> Iterator[Finding]:
    try:
        triage = Triage.load(config.triage.lexicon)
    except TriageError as error:
        yield Finding("lexicon", "词库", "fault", str(error), "按提示的文件和行号改正")
    else:
        yield Finding("lexicon", "词库", "ok", f"{len(triage.phrases())} 条短语，版本 {triage.version}")


def _prompts(config: Config) -> Iterator[Finding]:
    try:
        Prompts.load([f for f in (config.prompts.folder, BUILT_IN_PROMPTS) if f])
    except PromptError as error:
        yield Finding("prompts", "提示音", "fault", str(error), "改正或删去 prompts: folder: 中的该文件")
    else:
        yield Finding("prompts", "提示音", "ok", str(config.prompts.folder or "自带"))


def _database(config: Config) -> Iterator[Finding]:
    url = make_url(config.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        yield Finding("database", "数据库", "ok", "SQLite，首次启动时建立")
        return
    try:
        with closing(Store(config.database_url)) as store:
            store.feed(limit=1)
    except StoreRefused as error:
        yield Finding("database", "数据库", "warning", str(error), "首次启动时会建立数据表")
    except RecordsError as error:
        mend = "来电照常接听，记录暂存在磁盘；修复数据库后会自动写入"
        yield Finding("database", "数据库", "fault", str(error), mend)
    else:
        yield Finding("database", "数据库", "ok", url.render_as_string(hide_password=True))


def _ports(config: Config) -> Iterator[Finding]:
    settings = config.asterisk
    ours = Layout.of(settings).control_socket.exists()
    for name, title, port in (
        ("fastagi_port", "FastAGI 端口", settings.fastagi_port),
        ("audiosocket_port", "AudioSocket 端口", settings.audiosocket_port),
        ("ami_port", "AMI 端口", settings.ami_port),
    ):
        taken = _listening(port)
        if taken and not ours:
            yield Finding(name, title, "warning", f"{port} 已有程序监听", "若不是本系统在运行，请换一个端口")
        else:
            yield Finding(name, title, "ok", f"{port} {'运行中' if taken else '空闲'}")


def _listening(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.settimeout(_CONNECT_S)
        return probe.connect_ex(("127.0.0.1", port)) == 0
