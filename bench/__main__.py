"""`python -m bench [NAME…]`: the measurements whose figures stand in docs/benchmarks.md."""

from __future__ import annotations

import click

from bench import alternatives, answers, deciding, decoding, levels, load, memory, places, sorting

MEASUREMENTS = {
    "alternatives": alternatives.run,
    "answers": answers.run,
    "decoding": decoding.run,
    "deciding": deciding.run,
    "levels": levels.run,
    "load": load.run,
    "memory": memory.run,
    "places": places.run,
    "sorting": sorting.run,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(sorted(MEASUREMENTS)))
def main(names: tuple[str, ...]) -> None:
    """Measure NAMES (default: all), each against something real in the same run."""
    for name in names or MEASUREMENTS:
        print(f"== {name}", flush=True)
        MEASUREMENTS[name](lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
