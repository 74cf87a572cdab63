"""The nearest valid name for a misspelt one."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LISTED = 12  # more names than this no longer help a reader


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like the word, None when none is near."""
    names = list(known)
    by_lower_case = {name.lower(): name for name in reversed(names)}
    matches = difflib.get_close_matches(word.lower(), by_lower_case, n=1, cutoff=0.6)
    return by_lower_case[matches[0]] if matches else None


def suggestion(word: str, known: Iterable[str], *, kind: str = "names") -> str:
    """A hint for a word that is not known: the nearest name, or what there is.

    Args:
        word: What stands in the file.

        known: What could have stood there.

        kind: What the known names are called, in the plural.
    """
    names = list(known)
    if near := nearest(word, names):
        return f"did you mean {near}?"
    if not names:
        return f"there are no {kind}"
    return f"known {kind}: " + ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")


def suggested_job(name: str, jobs: Iterable[str]) -> str:
    """A hint for a job that is not there: its repetitions where it is repeated, else as `suggestion` says."""
    names = list(jobs)
    repeated = [job for job in names if job.startswith(f"{name}#")]
    if not repeated:
        return suggestion(name, names, kind="jobs")
    rest = f" to {repeated[-1]}" if len(repeated) > 1 else ""
    return f"it is repeated: {repeated[0]}{rest}"
