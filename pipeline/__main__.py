"""`python -m pipeline` is `digitstring`."""

from pipeline.commands.main import main

if __name__ == "__main__":
    main()
