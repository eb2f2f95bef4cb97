"""Examines everything that the system stands on. Changes nothing."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from asr.errors import AsrError
from asr.fitness import portrait, wide_band_warning
from asr.models import ModelShelf
from asr.vosk_engine import VoskEngine
from ivr.asterisk.errors import AsteriskError, AsteriskUnusable
from ivr.asterisk.find import find
from ivr.asterisk.layout import Account, Layout, check_reachable
from ivr.asterisk.render import read_dialplans
from ivr.asterisk.version import Fitness
from ivr.config import BUNDLED_MODEL, Config
from ivr.decoders import model_folder
from ivr.prompts import FOLDER as BUILT_IN_PROMPTS
from ivr.prompts import Prompts
from ivr.prompts.errors import PromptError
from records.engine import parse_url, sqlite_path
from records.errors import RecordsError
from records.store import Store
from triage.engine import Triage
from triage.errors import TriageError
from triage.facts.finder import FactFinder
from triage.facts.gazetteer import Gazetteer
from triage.facts.place_answers import PlaceAnswers

State = Literal["ok", "warning", "fault"]
_DISK_WANTED_BYTES = 1 << 30
_CONNECT_S = 0.5
_TCP, _UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
_TABLES_MISSING = "build the tables"
"""What the records room says of a database that is well but empty; the first start builds them."""


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
        _account,
        _dialplan,
        _speech,
        _lexicon,
        _prompts,
        _database,
        _ports,
    )
    return [finding for check in checks for finding in check(config)]


def _nearest(folder: Path) -> Path:
    """The folder itself, or the deepest one above it that is there and can be seen."""
    for place in (folder, *folder.parents):
        with suppress(OSError):
            place.stat()
            return place
    return Path("/")


def _folder(config: Config) -> Iterator[Finding]:
    folder = config.data_dir
    existing = _nearest(folder)
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        what = f"{existing} " + ("不可写" if existing.is_dir() else "不是目录")
        yield Finding("data", "数据目录", "fault", what, "修改权限，或在 config.yaml 中另设 data_dir")
        return
    free = shutil.disk_usage(existing).free
    state: State = "ok" if free > _DISK_WANTED_BYTES else "warning"
    mend = "" if state == "ok" else "清理磁盘：数据库、日志和 Asterisk 需要 1 GB 以上"
    yield Finding("data", "数据目录", state, f"{folder}，剩余 {free / 1e9:.1f} GB", mend)


def _asterisk(config: Config) -> Iterator[Finding]:
    settings = config.asterisk
    try:
        install = find(settings.binary)
    except AsteriskError as error:
        if isinstance(error, AsteriskUnusable) and (
            settings.binary != "auto" or os.environ.get("ASTERISK_BIN")
        ):
            mend = "改正 asterisk: binary: 或 $ASTERISK_BIN，或删去它用自动安装"
            yield Finding("asterisk", "Asterisk", "fault", str(error), mend)
        else:
            yield _private_asterisk(config, error)
    else:
        good = install.version.fitness is Fitness.GOOD
        mend = "" if good else "建议升级到 20.14、21.9、22.4 或更新版本"
        yield Finding("asterisk", "Asterisk", "ok" if good else "warning", install.describe(), mend)


def _private_asterisk(config: Config, error: AsteriskError) -> Finding:
    """None of the machine's own can be used: a private one that is there, or could be installed."""
    private = sorted(config.asterisk.data.glob("launcher/*/asterisk"))
    if private:
        return Finding("asterisk", "Asterisk", "ok", f"自行安装的 Asterisk：{private[0]}")
    if shutil.which("apt-get"):
        mend = "首次启动时自动安装到数据目录"
        return Finding("asterisk", "Asterisk", "warning", f"本机没有可用的 Asterisk（{error}）", mend)
    mend = (
        "安装 Asterisk 20.5、21.0、22.0 或更新版本（建议 20.14、21.9、22.4 以上），并设置 asterisk: binary:"
    )
    return Finding("asterisk", "Asterisk", "fault", f"本机没有可用的 Asterisk（{error}）", mend)


def _account(config: Config) -> Iterator[Finding]:
    """Who Asterisk runs as, and whether that user gets as far as its folder."""
    settings = config.asterisk
    try:
        account = Account.choose(settings.user)
        check_reachable(_nearest(Layout.of(settings).root.parent), account)
    except (AsteriskError, OSError) as error:
        mend = "改正 asterisk: user: 或 data_dir，或按提示修改权限"
        yield Finding("account", "运行用户", "fault", str(error), mend)
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
    try:
        folder = model_folder(ModelShelf(BUNDLED_MODEL, config.models_dir), config.speech.model)
        rate = VoskEngine(folder).sample_rate
        what = f"{folder.name}，{portrait(folder)}"
    except (AsrError, OSError) as error:
        mend = "没有模型时所有来电直接转警察；python -m ivr model list"
        yield Finding("speech", "语音模型", "fault", str(error), mend)
        return
    if folder.resolve() == BUNDLED_MODEL.resolve():
        what += "。自带，只供演示：听得懂合成语音，多半听不懂陌生的真人"
        yield Finding("speech", "语音模型", "warning", what, "接真人前：python -m ivr model install 模型.zip")
    elif warning := wide_band_warning(rate):
        mend = "先衡量：python -m asr evaluate 录音目录；有 8 kHz 的模型就换用"
        yield Finding("speech", "语音模型", "warning", f"{what}。{warning}", mend)
    else:
        yield Finding("speech", "语音模型", "ok", f"{what}。适合 8 kHz 电话线路")


def _lexicon(config: Config) -> Iterator[Finding]:
    try:
        triage = Triage.load(config.triage.lexicon, town_file=config.triage.town)
    except (TriageError, OSError) as error:
        yield Finding("lexicon", "词库", "fault", str(error), "按提示的文件和行号改正")
    else:
        yield Finding("lexicon", "词库", "ok", f"{len(triage.phrases())} 条短语，版本 {triage.version}")
    if config.triage.gazetteer:
        yield _gazetteer(config.triage.gazetteer)


def _gazetteer(file: Path) -> Finding:
    try:
        gazetteer = Gazetteer.load(file)
    except (TriageError, OSError) as error:
        return Finding(
            "gazetteer", "地名表", "fault", str(error), "按提示的文件和行号改正；格式见 docs/places.md"
        )
    what = f"{len(gazetteer.places)} 个地名"
    if left_out := PlaceAnswers(FactFinder(gazetteer)).left_out:
        what += f"；来电人回答地点时，只听得准其中较大的，{left_out} 个名称只由普通识别来听"
        mend = "删去本县用不到的地名；见 docs/places.md"
        return Finding("gazetteer", "地名表", "warning", what, mend)
    return Finding("gazetteer", "地名表", "ok", what)


def _prompts(config: Config) -> Iterator[Finding]:
    try:
        Prompts.load([f for f in (config.prompts.folder, BUILT_IN_PROMPTS) if f])
    except (PromptError, OSError) as error:
        yield Finding("prompts", "提示音", "fault", str(error), "改正或删去 prompts: folder: 中的该文件")
    else:
        yield Finding("prompts", "提示音", "ok", str(config.prompts.folder or "自带"))


def _database(config: Config) -> Iterator[Finding]:
    try:
        url = parse_url(config.database_url)
        file = sqlite_path(url)
        if file is not None and not file.exists():
            yield Finding("database", "数据库", "ok", "SQLite，首次启动时建立")
            return
        with closing(Store(config.database_url)) as store:
            store.last_number()
    except RecordsError as error:
        if _TABLES_MISSING in str(error):
            yield Finding("database", "数据库", "warning", str(error), "首次启动时会建立数据表")
            return
        mend = "来电照常接听，记录暂存在磁盘；修复数据库后会自动写入"
        yield Finding("database", "数据库", "fault", str(error), mend)
    else:
        yield Finding("database", "数据库", "ok", url.render_as_string(hide_password=True))


def _ports(config: Config) -> Iterator[Finding]:
    settings, numbers = config.asterisk, config.metrics
    running = _asterisk_runs(config)
    for name, title, address, port, kinds in (
        ("sip_port", "SIP 端口", settings.bind_address, settings.sip_port, (_TCP, _UDP)),
        ("ami_port", "AMI 端口", "127.0.0.1", settings.ami_port, (_TCP,)),
        ("fastagi_port", "FastAGI 端口", settings.server_address, settings.fastagi_port, (_TCP,)),
        ("audiosocket_port", "AudioSocket 端口", settings.server_address, settings.audiosocket_port, (_TCP,)),
        *((("metrics_port", "监控端口", numbers.address, numbers.port, (_TCP,)),) if numbers.port else ()),
    ):
        trouble = max(_why_not(address, port, kind) for kind in kinds)
        if trouble == errno.EADDRNOTAVAIL:
            mend = "改正 asterisk: bind_address:（server_address: 只能是 127.0.0.1）"
            state: State = "fault"
            if name == "metrics_port":  # calls go on without
                mend, state = "改正 metrics: address:", "warning"
            yield Finding(name, title, state, f"{address} 不是本机的地址", mend)
        elif trouble and not running:
            mend = "若不是本系统在运行，请换一个端口"
            yield Finding(name, title, "warning", f"{port} 已有程序监听", mend)
        else:
            yield Finding(name, title, "ok", f"{port} {'运行中' if trouble else '空闲'}")


def _asterisk_runs(config: Config) -> bool:
    """Whether our own Asterisk answers on its control socket (an old socket file may lie there)."""
    with closing(socket.socket(socket.AF_UNIX)) as probe, suppress(OSError, AsteriskError):
        probe.settimeout(_CONNECT_S)
        probe.connect(str(Layout.of(config.asterisk).control_socket))
        return True
    return False


def _why_not(address: str, port: int, kind: socket.SocketKind) -> int:
    """The errno with which the port refuses to be opened; 0 when it is free."""
    with closing(socket.socket(socket.AF_INET, kind)) as probe:
        if kind is _TCP:  # connections that have just ended do not matter
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            return error.errno or errno.EADDRINUSE
    return 0
