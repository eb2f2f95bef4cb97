"""Load a model for real, in a process of its own: `python -m asr.trial FOLDER`.

A damaged model can make libvosk abort the process or run for ever; neither may happen to the one that answers
calls. Exit status 0: it loads, a recogniser opens, and it decodes a second of noise to the end.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from asr.errors import AsrError, ModelBroken
from asr.recogniser import SAMPLE_RATE

TRIAL_TIMEOUT_S = 300.0  # the biggest official model (2 GB) takes half a minute from a slow disk
_TOLD_LINES = 3  # of libvosk's log: its last words name the file that it could not read


def try_model(folder: Path, timeout_s: float = TRIAL_TIMEOUT_S) -> None:
    """Load the model below `folder` in a child process. Raises ModelBroken with libvosk's own last words."""
    project = Path(__file__).resolve().parent.parent
    environment = {**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        child = subprocess.run(
            [sys.executable, "-m", "asr.trial", str(folder.resolve())],
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelBroken(
            f"语音模型 {folder.name} 试加载超过 {timeout_s:.0f} 秒，已放弃。请检查内存，或换一个较小的模型。"
        ) from None
    if child.returncode:
        told = child.stderr.decode("utf-8", errors="replace").strip().splitlines()[-_TOLD_LINES:]
        how = f"被信号 {-child.returncode} 终止" if child.returncode < 0 else "失败"
        raise ModelBroken(
            f"语音模型 {folder.name} 试加载{how}（libvosk：{' | '.join(told) or '-'}）。请重新下载再安装。"
        )


def main(arguments: list[str]) -> int:
    """Load, open, decode; return the exit status."""
    from asr.vosk_engine import VoskEngine  # noqa: PLC0415 - only the child process pays for loading libvosk

    noise = np.random.default_rng(110).normal(0.0, 300.0, SAMPLE_RATE).astype("<i2").tobytes()
    try:
        recogniser = VoskEngine(Path(arguments[0])).open()
        recogniser.accept(noise)
        recogniser.finish()
    except AsrError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
