"""What a person may have meant: the nearest valid name, and the letter that another one looks like."""

from __future__ import annotations

import difflib
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_LISTED: Final = 12  # more names than this no longer help a reader
# Letters that look like others of ASCII: which those are.
LOOKALIKES: Final = {
    **dict.fromkeys("\u00a0\u2007\u2009\u202f\u3000", "a space"),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
    **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2018\u2019\u201a", "'"),
    "\u00d7": "*",
    "\u00b7": "*",
    "\uff1a": ":",
    "\u200b": "nothing",
    "\ufeff": "nothing",
}


class HintedError(ValueError):
    """Something that a person wrote is wrong; what reads the whole of it knows the place.

    Args:
        message: What is wrong.

        hint: What to do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def odd_letter(text: str) -> str:
    """A hint on the first letter of a text that only looks like one of the keyboard; empty without one."""
    for letter in text:
        if letter in LOOKALIKES:
            name = unicodedata.name(letter, "a letter").lower()
            return f"it holds a {name} (U+{ord(letter):04X}): type {LOOKALIKES[letter]} instead"
    return ""


def readable(text: str, most: int) -> str:
    """A text that is safe to print, cut where it is longer."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


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
