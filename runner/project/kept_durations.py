"""Jobs that were built before, so that one more job in a file is one job to build."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from runner.domain import digest
from runner.project.sealing import read_sealed, write_sealed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FORMAT: Final = "runner/durations/v1"


class KeptDurations:
    """How long jobs take of which there was nothing to say, a file for each sequence.

    Args:
        folder: Where they are kept; None keeps nothing.

        compiler: Digest of what builds them, Pulser included; None keeps nothing either.
    """

    def __init__(self, folder: Path | None, compiler: str | None) -> None:
        self._folder = folder
        self._compiler = compiler

    def durations(self, text: str) -> Mapping[str, int]:
        """How long jobs of a sequence take (in ns), by key."""
        place = self._place(text)
        body = read_sealed(place) if place else None
        found = json.loads(body) if body else {}
        return found if isinstance(found, dict) else {}

    def keep(self, text: str, durations: Mapping[str, int]) -> None:
        """Remembers the jobs of a sequence, and no others of it."""
        place = self._place(text)
        if place and durations != self.durations(text):
            with suppress(OSError):  # then they are built again
                write_sealed(place, json.dumps(dict(durations), separators=(",", ":")))

    def _place(self, text: str) -> Path | None:
        if self._folder is None or self._compiler is None:
            return None
        return self._folder / f"{digest([_FORMAT, self._compiler, text])}.json"
