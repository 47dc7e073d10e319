"""How commands end: the exit codes, and which of several counts.

0 all read and accepted; 1 something read is below the threshold; 2 wrong usage; 3 an input could not be read; 4 the
weights are missing or damaged; 5 an output could not be written to its end (a full disk); 6 a store or a cluster does
not answer. Where several hold: 6 and 5 before 4 before 2 before 3 before 1.
"""

from __future__ import annotations

import errno

ACCEPTED, UNSURE, USAGE, UNREADABLE, NO_WEIGHTS, UNWRITABLE, UNREACHABLE = 0, 1, 2, 3, 4, 5, 6
PRIORITY = (UNREACHABLE, UNWRITABLE, NO_WEIGHTS, USAGE, UNREADABLE, UNSURE, ACCEPTED)
FULL = {errno.ENOSPC, errno.EIO, errno.EFBIG} | ({errno.EDQUOT} if hasattr(errno, "EDQUOT") else set())
INTERRUPTED, BROKEN_PIPE = 130, 141  # as the shell reports a process ended by SIGINT and SIGPIPE


def worst(codes: set[int]) -> int:
    """The code that a command ends with whose parts ended with `codes`."""
    return next(code for code in PRIORITY if code in codes | {ACCEPTED})


def code_of(error: Exception) -> int | None:
    """The exit code of a user's mistake; None for a fault of ours, which keeps its traceback."""
    import pipeline

    if isinstance(error, OSError) and error.errno in FULL:  # of what is printed; files have errors of their own
        return UNWRITABLE
    if isinstance(error, pipeline.PipelineError | pipeline.SegmenterError | pipeline.ClassifierError):
        return error.exit_code
    return None
