"""`python -m pipeline` is `digitstring`, and this is where both begin: before anything that takes time is imported."""

import signal
import sys


def main() -> None:
    """Run the program; ends the process. Ctrl-C while it starts or ends, when nothing is to be saved, ends it at once
    and without a traceback; in between the commands answer to it."""
    quietly = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else it is ignored, as behind nohup
    if quietly:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from pipeline.commands.program import program

    run = program(sys.argv[1:])
    if quietly:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run()
    finally:
        if quietly:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
