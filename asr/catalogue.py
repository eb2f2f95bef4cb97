"""The official Vosk models for Chinese, as the Vosk project lists them (alphacephei.com/vosk/models)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from asr.errors import ModelNotFound

_WHERE = "https://alphacephei.com/vosk/models/"


@dataclass(frozen=True, slots=True)
class OfficialModel:
    """One model of the list. All want 16 kHz: on a telephone line they hear worse than these figures say."""

    name: str
    size_mb: int
    """Of the zip file."""
    licence: str
    error_rates: str
    """Published: wrong characters in a hundred, on the named sets of wide-band speech."""
    about: str
    """zh-CN."""
    sha256: str | None = None
    """Of the zip file, where known. Not published by the Vosk project: as others have seen it who serve copies."""

    @property
    def url(self) -> str:
        """Where it is fetched from."""
        return f"{_WHERE}{quote(self.name)}.zip"


OFFICIAL = (
    OfficialModel(
        "vosk-model-small-cn-0.22",
        44,
        "Apache-2.0",
        "23.54 SpeechIO-02, 38.29 SpeechIO-06, 17.15 THCHS",
        "小模型，一台普通机器够用",
        "3af8b0e7e0f835ae9d414ce5df580237a3cfb08d586c9fbbb0f7ff29ad5b14ba",
    ),
    OfficialModel(
        "vosk-model-cn-0.22",
        1360,
        "Apache-2.0",
        "13.98 SpeechIO-02, 27.30 SpeechIO-06, 7.43 THCHS",
        "大模型，服务器用，内存要几 GB",
    ),
    OfficialModel(
        "vosk-model-cn-kaldi-multicn-0.15",
        1680,
        "Apache-2.0",
        "17.44 SpeechIO-02, 9.56 THCHS",
        "Kaldi multi-cn 的模型配 Vosk 的语言模型",
    ),
)


def official(name: str) -> OfficialModel:
    """The official model of that name. Raises ModelNotFound."""
    for model in OFFICIAL:
        if model.name == name:
            return model
    names = "、".join(model.name for model in OFFICIAL)
    raise ModelNotFound(f"没有 {name} 这个文件、目录，也没有这个官方模型。官方中文模型：{names}。")
