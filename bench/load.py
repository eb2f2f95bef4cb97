"""More and more calls at once, in real time, until new ones are shed: what those who are heard notice of it.

Lines on which call follows call speak into one real pool of decoders, with its limits as shipped but so many places
that only time sheds. Real time wants a machine that nobody else uses: where the measurement itself was late
with its frames, its figures say more about the others than about the pool.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from asr.pool import DecodePool
from asr.vosk_engine import VoskEngine
from bench.picture import Panel, draw
from bench.realtime import FRAME_S, Speech, Tally, drive, speeches
from ivr.config import BUNDLED_MODEL, ROOT, SpeechSettings

PICTURE = ROOT / "docs" / "load.svg"
LINES = (1, 5, 10, 15, 20, 25, 30, 35, 40, 50, 60, 80, 100)
FOR_S = 30.0
SATURATED = 0.25
"""Share of refused calls after which more lines tell nothing new."""
_PLACES = 1000


def run(say: Callable[[str], None]) -> None:
    """Print what calls meet at each number of lines, and draw it into docs/load.svg."""
    engine = VoskEngine(BUNDLED_MODEL)
    measure(speeches(engine), engine, say, lines=LINES, for_s=FOR_S, picture=PICTURE)


def measure(
    sentences: Sequence[Speech],
    engine: VoskEngine,
    say: Callable[[str], None],
    *,
    lines: Sequence[int],
    for_s: float,
    picture: Path,
) -> None:
    """Measure so many seconds at each number of lines, or until too many calls are refused."""
    limit_s, cores = SpeechSettings().max_lag_s, len(os.sched_getaffinity(0))
    say(
        f"{cores} cores, {for_s:g} s each, new calls refused where time is short, and from {limit_s:g} s of lag on"
    )
    say(
        "| lines | calls | refused | greatest lag | end of word → partial: median | p95 | streams in real time |"
    )
    say("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    done: list[tuple[int, Tally]] = []
    with DecodePool(engine, None, _PLACES, limit_s) as pool:
        for number in lines:
            tally = drive(pool, sentences, lines=number, for_s=for_s)
            done.append((number, tally))
            _say(number, tally, say)
            if tally.refused_share > SATURATED:
                break
    _draw(done, limit_s, picture)
    most = max(tally.throughput for _, tally in done)
    say(f"at most {most:.1f} streams in real time, {most / cores:.1f} a core; picture: {picture.name}")


def _say(lines: int, tally: Tally, say: Callable[[str], None]) -> None:
    say(
        f"| {lines} | {tally.offered} | {tally.refused_share:.0%} | {max(tally.lags_s):.2f} s"
        f" | {tally.median_s:.2f} s | {tally.p95_s:.2f} s | {tally.throughput:.1f} |"
    )
    if tally.late_s > 5 * FRAME_S:
        say(f"  (the measurement itself was {tally.late_s:.2f} s late: the machine has too much to do)")
    if abs(tally.undecoded_s) > FRAME_S:
        say(f"  SOUND WAS LOST: {tally.undecoded_s:.2f} s")


def _draw(done: Sequence[tuple[int, Tally]], limit_s: float, picture: Path) -> None:
    tallies = [tally for _, tally in done]
    seconds = Panel(
        "What those who are heard notice",
        "s",
        2 * limit_s,
        (
            (
                "from the end of a word to the partial that holds it: 95 of 100 within",
                [t.p95_s for t in tallies],
            ),
            (
                "the greatest lag of a call (dashed: beyond it new calls are refused)",
                [max(t.lags_s) for t in tallies],
            ),
        ),
        limit=limit_s,
    )
    refused = Panel(
        "Calls refused recognition (with the police)",
        "%",
        100,
        (("", [100 * t.refused_share for t in tallies]),),
    )
    draw((seconds, refused), [number for number, _ in done], "lines with a caller speaking", picture)
