"""Jobs that were built before, so that one more job in a file is one job to build."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from runner.atomic_file import write_atomically
from runner.domain import digest
from runner.sequences.compiled import Built

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


_FORMAT: Final = "runner/durations/v2"


class KeptDurations:
    """How long jobs take, and what kind of thing was to be said of them, a file for each sequence.

    Args:
        folder: Where they are kept; None keeps nothing.

        compiler: Digest of what builds them, Pulser included; None keeps nothing either.
    """

    def __init__(self, folder: Path | None, compiler: str | None) -> None:
        self._folder = folder
        self._compiler = compiler

    def jobs(self, text: str) -> Mapping[str, Built]:
        """Jobs of a sequence, by key."""
        place = self._place(text)
        body = read_checksummed(place) if place else None
        if body is None:
            return {}
        kinds, jobs = json.loads(body)
        return {key: Built(duration_ns, kinds[kind]) for key, (duration_ns, kind) in jobs.items()}

    def keep(self, text: str, jobs: Mapping[str, Built]) -> None:
        """Remembers the jobs of a sequence, and no others of it."""
        place = self._place(text)
        if place and jobs != self.jobs(text):
            numbers = {
                kind: number for number, kind in enumerate(dict.fromkeys(j.warned for j in jobs.values()))
            }
            plain = {key: (job.duration_ns, numbers[job.warned]) for key, job in jobs.items()}
            with suppress(OSError):  # then they are built again
                write_checksummed(place, json.dumps([list(numbers), plain], separators=(",", ":")))

    def _place(self, text: str) -> Path | None:
        if self._folder is None or self._compiler is None:
            return None
        return self._folder / f"{digest([_FORMAT, self._compiler, text])}.json"


def read_checksummed(place: Path) -> str | None:
    """What was kept in a file; None when it is not there, or not one of ours, or not whole."""
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    body = text.partition("\n")[2].removesuffix("\n")
    return body if text == _with_checksum(place.stem, body) else None


def write_checksummed(place: Path, body: str) -> None:
    """Keeps a text, whole or not at all.

    Raises:
        OSError: It can't be written.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(place, _with_checksum(place.stem, body))


def _with_checksum(key: str, body: str) -> str:
    return f"{hashlib.sha256((key + body).encode()).hexdigest()}\n{body}\n"
