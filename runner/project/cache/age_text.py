"""How long ago something was, in words."""

from __future__ import annotations

from typing import Final

# How many seconds of each there are, the longest first.
_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def age_said(age_s: float) -> str:
    """An age in words: `3 hours old`; rounded down to the largest unit of which there is one."""
    for seconds, unit in _UNITS:
        if count := int(age_s // seconds):
            return f"{count} {unit}{'s' if count > 1 else ''} old"
    return "less than a minute old"
