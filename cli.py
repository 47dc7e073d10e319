"""`python cli.py ...` in a clone is `digitstring ...`; the commands live in pipeline/commands."""

from pipeline.__main__ import main

if __name__ == "__main__":
    main()
