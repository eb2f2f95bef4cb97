"""How a speech model fits the telephone, told in zh-CN: by `doctor`, `python -m asr` and `model`, in the same words."""

from pathlib import Path

from asr import model_files
from asr.catalogue import OFFICIAL
from asr.recogniser import SAMPLE_RATE


def wide_band_warning(sample_rate: int) -> str:
    """Say what is wrong with a model made for `sample_rate` Hz on a telephone line; empty when nothing is."""
    if sample_rate <= SAMPLE_RATE:
        return ""
    return (
        f"按宽带（{sample_rate // 1000} kHz）训练，而电话线路只有 8 kHz：声音要重采样，没有 4 kHz 以上的部分，"
        "识别率会下降；用 python -m asr evaluate 在自己的录音上衡量"
    )


def portrait(folder: Path) -> str:
    """Say what a whole model is: rate, size, whether it takes grammars, licence. Raises ModelBroken."""
    grammars = "可以限定词表" if model_files.takes_grammars(folder) else "不能限定词表（没有 look-ahead 图）"
    size_mb = model_files.size_bytes(folder) / 1e6
    return f"{model_files.sample_rate(folder)} Hz，{size_mb:.0f} MB，{grammars}，{_licence(folder)}"


def _licence(folder: Path) -> str:
    """Name the licence of an official model, or the one that a model.json names; else the card, where there is one."""
    for model in OFFICIAL:
        if model.name == folder.name:
            return f"许可 {model.licence}"
    if told := model_files.licence(folder):
        return f"许可 {told}"
    card = model_files.card(folder)
    return f"许可见 {card}" if card else "许可不明：没有 README"
