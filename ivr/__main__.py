"""`python -m ivr`: the whole system from the command line."""

from ivr.commands import main

if __name__ == "__main__":
    main()
