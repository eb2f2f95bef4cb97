"""`python -m asr FILE.wav… [--model NAME] [--json]`: what the recogniser hears; `python -m asr evaluate DIR`: how well.

Standard output carries the results only, one line a file (and below it, with `--alternatives`, one for each other
reading); everything else goes to standard error.
Exit status: 0 all files were decoded; 1 some could not be; 2 wrong usage; 3 the model cannot be used.
"""

import argparse
import json
import logging
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import structlog

from asr.alternatives import MOST
from asr.audio import read_audio
from asr.errors import AudioUnreadable, ModelError, RecogniserFailed
from asr.fitness import wide_band_warning
from asr.models import ModelShelf, chosen
from asr.transcript import Transcript, transcribe

EXIT_OK, EXIT_SOME_FAILED, EXIT_USAGE, EXIT_NO_MODEL = 0, 1, 2, 3

_PROJECT = Path(__file__).resolve().parent.parent
_NOTHING = "（没有听到话）"
_EPILOG = """\
示例：
  python -m asr 来电.wav                 听写一个文件
  python -m asr 录音/*.wav --json        每个文件输出一行 JSON
  python -m asr 来电.al --model 目录     用指定目录里的 Vosk 模型
  python -m asr 来电.wav --alternatives 5  每句话再列出最多 5 种别的听法
  python -m asr evaluate 录音目录        在一批已知内容的录音上衡量模型（evaluate --help）

退出码：0 全部成功；1 有文件无法识别；2 用法错误；3 模型不可用。
说明：随附模型听得懂合成语音，多半听不懂真人，仅供演示和测试；接听真人请安装官方 Vosk 中文模型。"""


class _ChineseHelp(argparse.RawDescriptionHelpFormatter):
    """argparse's help with its fixed words in Chinese."""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None = None,
    ) -> None:
        """Write the usage line behind a Chinese word."""
        super().add_usage(usage, actions, groups, "用法：" if prefix is None else prefix)


class _Parser(argparse.ArgumentParser):
    """A parser that complains in Chinese."""

    def error(self, message: str) -> NoReturn:
        """Show the usage and what is wrong with it."""
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"{self.prog}: 用法错误（{message}）。用 {self.prog} --help 查看说明。\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
    if arguments[:1] == ["evaluate"]:
        from asr.evaluation.command import command  # noqa: PLC0415 - transcribing needs nothing of it

        command.main(arguments[1:])  # ends the program by itself
    options = _parser().parse_args(arguments)
    try:
        folder, name = chosen(options.model, ModelShelf(options.bundled, options.installed))
        from asr.vosk_engine import VoskEngine  # noqa: PLC0415 - --help need not wait for libvosk

        engine = VoskEngine(folder, name=name, alternatives=options.alternatives)
    except ModelError as error:
        print(error, file=sys.stderr)
        return EXIT_NO_MODEL
    if warning := wide_band_warning(engine.sample_rate):
        print(f"注意：语音模型 {name} {warning}。", file=sys.stderr)
    status = EXIT_OK
    for path in options.files:
        try:
            heard = transcribe(engine, read_audio(path))
        except (AudioUnreadable, RecogniserFailed) as error:
            print(error, file=sys.stderr)
            status = EXIT_SOME_FAILED
        else:
            _show(path, heard, as_json=options.json, readings=bool(options.alternatives))
    return status


def _parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = _Parser(
        prog="python -m asr",
        usage="python -m asr 音频文件… [--model 名称或目录] [--alternatives N] [--json]",
        description="把录音转成文字（what the recogniser hears）。支持各种 WAV 和 A-law(.al)文件。",
        epilog=_EPILOG,
        formatter_class=_ChineseHelp,
        add_help=False,
    )
    what = parser.add_argument_group("参数")
    what.add_argument("files", nargs="+", type=Path, metavar="音频文件", help="WAV 或 .al 文件，可以多个")
    how = parser.add_argument_group("选项")
    how.add_argument(
        "--model", metavar="名称或目录", help="语音模型：已安装的名称，或模型目录；默认用当前启用的"
    )
    how.add_argument(
        "--alternatives",
        type=int,
        choices=range(MOST + 1),
        default=0,
        metavar="N",
        help=f"每句话再列出最多 N（0 到 {MOST}）种别的听法，各带可能性；词的置信度会略差",
    )
    how.add_argument(
        "--json",
        action="store_true",
        help="每个文件一行 JSON：file, text, words, duration_s, real_time_factor；"
        "有 --alternatives 时还有 utterances（text, alternatives）",
    )
    how.add_argument(
        "--bundled",
        type=Path,
        metavar="目录",
        default=_PROJECT / "models" / "bundled",
        help="随附模型的目录（默认 models/bundled）",
    )
    how.add_argument(
        "--installed",
        type=Path,
        metavar="目录",
        default=_PROJECT / "var" / "models",
        help="已安装模型所在的目录（默认 var/models）",
    )
    how.add_argument("-h", "--help", action="help", help="显示本说明")
    return parser


def _show(path: Path, heard: Transcript, *, as_json: bool, readings: bool) -> None:
    """Print one file's line; with `readings` what else each utterance may have been."""
    if as_json:
        line = {
            "file": str(path),
            "text": heard.text,
            "words": [asdict(word) for word in heard.words],
            "duration_s": round(heard.duration_s, 3),
            "real_time_factor": round(heard.real_time_factor, 4),
        }
        if readings:
            line["utterances"] = [
                {"text": said.text, "alternatives": [asdict(other) for other in said.alternatives]}
                for said in heard.utterances
            ]
        print(json.dumps(line, ensure_ascii=False), flush=True)
        return
    print(f"{path}\t{heard.text or _NOTHING}", flush=True)
    for said in heard.utterances:
        if said.alternatives and said.text != heard.text:  # which part of the recording it is about
            print(f"\t{said.text or _NOTHING}", flush=True)
        for other in said.alternatives:
            print(f"\t{other.share:6.1%}\t{other.text or _NOTHING}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
