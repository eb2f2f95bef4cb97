"""`python -m triage`: decide texts, and the tools around the rules (`triage.commands`)."""

from __future__ import annotations

from triage.commands import main

__all__ = ["main"]

if __name__ == "__main__":
    main(prog_name="python -m triage")
