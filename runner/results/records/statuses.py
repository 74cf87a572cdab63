"""How far a job of a file has come, by what is on record."""

from __future__ import annotations

from enum import StrEnum


class ResultStatus(StrEnum):
    """What is known of a job of a file; only records are asked, no cloud."""

    DONE = "DONE"
    """All wanted runs are measured."""
    PARTIAL = "PARTIAL"
    """Some are."""
    ERROR = "ERROR"
    """None is, and a remote job of it failed."""
    NO_RESULT = "NO_RESULT"
    """None is, and a remote job of it is done: its result could not be had, or cannot be right."""
    CANCELED = "CANCELED"
    """None is, and its remote jobs were cancelled."""
    MISSING = "MISSING"
    """Nothing of it is on record: it was not bought yet, or has not ended."""
