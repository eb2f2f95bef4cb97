"""The files that make a folder a speech model for libvosk 0.3.45, and what they tell without loading it.

    am/final.mdl                      the acoustic model
    conf/mfcc.conf or conf/fbank.conf features; `--sample-frequency` is the rate that the model was trained at
    conf/model.conf                   decoder options
    graph/HCLG.fst                    one decoding graph, or the look-ahead pair
    graph/HCLr.fst + graph/Gr.fst + graph/disambig_tid.int
    graph/words.txt                   the vocabulary
Everything else (pitch.conf, ivector/, rescore/, rnnlm/, word_boundary.int) is optional for libvosk.
"""

import json
from pathlib import Path

from asr.errors import ModelBroken, ModelNotFound

KALDI_SAMPLE_RATE = 16000  # Hz; what Kaldi assumes when a feature configuration does not say
SAMPLE_RATES = (8000, 16000)  # Hz; what models for libvosk are trained at

_ALWAYS = ("am/final.mdl", "conf/model.conf", "graph/words.txt")
_FEATURES = ("conf/mfcc.conf", "conf/fbank.conf")  # libvosk prefers the first
_LOOK_AHEAD = ("graph/HCLr.fst", "graph/Gr.fst", "graph/disambig_tid.int")
_DESCRIPTION_LENGTH = 200  # characters; a line of a list, not a model card
_TEXT_LIMIT = 64 * 1024  # bytes; more than any configuration, model.json or README line needs


def missing_files(folder: Path) -> tuple[str, ...]:
    """Name the files that libvosk needs and that `folder` lacks (or has empty); nothing for a whole model."""

    def absent(name: str) -> bool:
        path = folder / name
        return not path.is_file() or path.stat().st_size == 0

    missing = [name for name in _ALWAYS if absent(name)]
    if all(absent(name) for name in _FEATURES):
        missing.append(" / ".join(_FEATURES))
    if absent("graph/HCLG.fst"):
        pair = [name for name in _LOOK_AHEAD if absent(name)]
        if len(pair) == len(_LOOK_AHEAD):
            missing.append("graph/HCLG.fst")
        else:
            missing.extend(pair)
    return tuple(missing)


def check(folder: Path) -> None:
    """Raise ModelNotFound when there is no folder, ModelBroken naming what a model there would need."""
    if not folder.is_dir():
        raise ModelNotFound(
            f"没有语音模型目录 {folder}（no such model folder）。请用 python -m ivr model list 查看已有模型，"
            "或用 python -m ivr model install 安装一个。"
        )
    missing = missing_files(folder)
    if missing:
        raise ModelBroken(
            f"语音模型 {folder.name} 不完整，缺少（missing or empty）: {', '.join(missing)}。"
            "请重新下载完整的 Vosk 模型再安装。"
        )


def sample_rate(folder: Path) -> int:
    """Return the rate in Hz that the model's features are made for. Raises ModelBroken for another."""
    for name in _FEATURES:
        path = folder / name
        if path.is_file():
            return _sample_frequency(path)
    raise ModelBroken(f"语音模型 {folder.name} 缺少 {' / '.join(_FEATURES)}，请重新安装。")


def _sample_frequency(path: Path) -> int:
    """Read `--sample-frequency` of a Kaldi option file: one `--option=value` a line, `#` begins a comment."""
    rate = float(KALDI_SAMPLE_RATE)
    for line in _read_text(path).splitlines():
        option, _, value = line.split("#", 1)[0].strip().partition("=")
        if option.strip().lstrip("-").replace("_", "-") == "sample-frequency":
            try:
                rate = float(value)
            except ValueError:
                rate = 0.0
    if rate not in SAMPLE_RATES:
        raise ModelBroken(
            f"语音模型配置 {path.name} 的 --sample-frequency 不是 8000 或 16000，请重新安装模型。"
        )
    return int(rate)


def takes_grammars(folder: Path) -> bool:
    """Tell whether libvosk can put a list of words in the place of the model's own language.

    It can in a look-ahead pair only, and where one whole graph lies beside the pair it takes that.
    """
    return not (folder / "graph/HCLG.fst").exists() and all((folder / name).is_file() for name in _LOOK_AHEAD)


def card(folder: Path) -> Path | None:
    """Return the text that came with the model, README or README.md; None when there is none."""
    return next((path for path in sorted(folder.glob("README*")) if path.is_file()), None)


def description(folder: Path) -> str:
    """Say in one line what the model is: `description` of model.json, else the first words of its README."""
    if told := _told(folder, "description"):
        return told
    for path in sorted(folder.glob("README*")):
        for line in _read_text(path).splitlines():
            text = _one_line(line.lstrip("#"))
            if text:
                return text
    return ""


def licence(folder: Path) -> str:
    """Give `licence` of model.json, one line; empty when it says nothing."""
    return _told(folder, "licence")


def _told(folder: Path, key: str) -> str:
    """Give a text of model.json as one line; empty when it has none there, or is no JSON."""
    facts = folder / "model.json"
    if not facts.is_file():
        return ""
    try:
        told = json.loads(_read_text(facts))
    except (ValueError, RecursionError):
        return ""
    text = told.get(key) if isinstance(told, dict) else None
    return _one_line(text) if isinstance(text, str) else ""


def size_bytes(folder: Path) -> int:
    """Add up the sizes of all files below `folder`."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _one_line(text: str) -> str:
    """Make a foreign text fit for a list: printable, one line, not long."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:_DESCRIPTION_LENGTH]


def _read_text(path: Path) -> str:
    """Read the beginning of a text file of unknown origin; bytes that are not UTF-8 are replaced."""
    with path.open("rb") as file:
        return file.read(_TEXT_LIMIT).decode("utf-8", errors="replace")
