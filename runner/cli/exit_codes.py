"""Exit codes."""

from enum import IntEnum


class Exit(IntEnum):
    """What the command's exit code says."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    FAILED_JOBS = 3
    HELD = 4
    PATIENCE = 5
    USAGE = 64
    BUG = 70
    INTERRUPTED = 130
