"""`python cli.py ...` in a clone is `digitstring ...`; the commands live in pipeline/commands."""

from pipeline.commands.main import app, main

__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
