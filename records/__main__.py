"""`python -m records`: look at the records and build their tables."""

from records.commands import main

if __name__ == "__main__":
    main(prog_name="python -m records")
