import io
import itertools

from rich.console import Console

from models.recipe.watching import Lines, watching


def test_where_nobody_watches_lines_are_said_once_a_minute() -> None:
    said: list[str] = []
    clock = itertools.count(0.0, 25.0)
    with Lines(said.append, lambda: next(clock)).stage(
        "data"
    ) as advance:  # every look at the clock is 25 s later
        for done in range(1, 7):
            advance(done, 6, "pieces of speech")
    assert said == ["data: 3 of 6 pieces of speech", "data: 6 of 6 pieces of speech", "data: done in 3.8 min"]


def test_a_file_gets_lines_and_a_terminal_bars() -> None:
    for terminal, wanted in ((False, "train: done in 0.0 min\n"), (True, "steps of x[/b].wav")):
        output = io.StringIO()
        with (
            watching(Console(file=output, force_terminal=terminal, width=120)) as report,
            report.stage("train") as say,
        ):
            say(1, 2, "steps of x[/b].wav")
        assert wanted in output.getvalue()
        assert ("\x1b" in output.getvalue()) == terminal
