"""What can be mended of records, and how: lines that a merge or an edit broke, copies of a job. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from runner.domain import RecordedJob, digest
from runner.domain.numerals import counted
from runner.results.records.counted_jobs import contradiction
from runner.results.records.records import DIGEST, ORIGIN, read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

_MARK: Final = re.compile(r"(<{7}|={7}|>{7}|\|{7})( .*)?")
_JOB_ID: Final = re.compile(r'"job_id": ?"([^"\\]+)"')
_LEAST_BEGIN: Final = 40  # characters by which a line that was cut off is known


@dataclass(frozen=True, slots=True)
class MendedLines:
    """The lines of a record, mended as far as that can be done.

    Args:
        lines: What is to be written.

        said: What was done, one sentence for each kind.
    """

    lines: tuple[str, ...]
    said: tuple[str, ...] = ()


@dataclass(slots=True)
class _Count:
    """How many lines were mended, by what was done with them."""

    of: dict[str, int] = field(default_factory=dict)

    def add(self, what: str) -> None:
        if what:
            self.of[what] = self.of.get(what, 0) + 1

    def said(self) -> tuple[str, ...]:
        return tuple(f"{counted(n, 'line')} {what}" for what, n in self.of.items())


def sound_job(line: str) -> RecordedJob | None:
    """The job of a line that is as it was recorded; None for any other."""
    try:
        job, value = read_record(line), json.loads(line)
        said = value.pop(DIGEST, None)
        return job if said is None or digest(value) == said else None
    except (ValueError, TypeError):
        return None


def mended_lines(lines: Sequence[str], past: Callable[[], Iterable[str]]) -> MendedLines:
    """Lines without what merges left between them; those that are broken as they once were.

    A line of which nothing better is known stays as it is: it may be the only trace of what was measured.

    Args:
        past: Gives lines of former states of the file, the newest first; called where they are needed.
    """
    clean = [line.strip("\ufeff\r\n\t ") for line in lines]
    sound = {line: job for line in clean if (job := sound_job(line))}
    known = {job.id for job in sound.values()}
    is_broken = any(line not in sound and not _is_spare(line) for line in clean)
    before = [(line, job) for line in past() if (job := sound_job(line))] if is_broken else []
    kept, count = [], _Count()
    for raw, line in zip(lines, clean, strict=True):
        if line in sound:
            told, what = line, "without the marks that an editor put around it" if raw != line else ""
        elif _is_spare(line):
            told, what = None, "that was empty or a mark of a conflict in git, taken away"
        else:
            told, what = _instead(raw, line, before, known)
        kept += [] if told is None else [told]
        count.add(what)
    return MendedLines(tuple(kept), count.said())


def _is_spare(line: str) -> bool:
    """Whether a line is none of ours: both sides of a conflict stay."""
    return not line or _MARK.fullmatch(line) is not None


def _instead(
    raw: str, line: str, past: Sequence[tuple[str, RecordedJob]], known: set[str]
) -> tuple[str | None, str]:
    """What stands for a broken line, and what was done with it; nothing where its job is there.

    Args:
        known: Ids of the jobs that are there; the one that is put back is added.
    """
    told, said_id = _as_it_was(line, past), _JOB_ID.search(line)
    job_id = told[1].id if told else said_id[1] if said_id else ""
    if job_id in known:
        return None, "that was broken, taken away: its job is there"
    if told is None:
        return raw, ""
    known.add(job_id)
    return told[0], "put back as git has it"


def _as_it_was(line: str, past: Iterable[tuple[str, RecordedJob]]) -> tuple[str, RecordedJob] | None:
    """A broken line as it once was: with its result, where it ever had one."""
    found = _JOB_ID.search(line)
    begin = line[: line.find("\ufffd")] if "\ufffd" in line else line
    same = [
        each
        for each in past
        if (found and each[1].id == found[1])
        or (not found and len(begin) >= _LEAST_BEGIN and each[0].startswith(begin))
    ]
    return next((each for each in same if not each[1].lacks_result), next(iter(same), None))


@dataclass(frozen=True, slots=True)
class RecordedLine:
    """Where a sound line stands.

    Args:
        number: Of the line, counted from 0.

        rank: 0 under the experiment's own name, more under those that it had before.
    """

    path: Path
    number: int
    line: str
    job: RecordedJob
    rank: int


@dataclass(frozen=True, slots=True)
class Copies:
    """One job that is on record several times, and says the same each time.

    Args:
        best: The one that says most.

        place: The one in whose place that one is kept.

        others: Those that are taken away.
    """

    best: RecordedLine
    place: RecordedLine
    others: tuple[RecordedLine, ...]


def copies(places: Iterable[RecordedLine]) -> Iterator[Copies]:
    """Jobs that are on record more than once; none of those of which two say something else."""
    of_job: dict[str, list[RecordedLine]] = {}
    for each in places:
        of_job.setdefault(each.job.id, []).append(each)
    for some in (some for some in of_job.values() if len(some) > 1):
        best = max(some, key=_worth)
        if not any(contradiction(best.job, each.job) for each in some):
            place = min(some, key=lambda each: each.rank)
            yield Copies(best, place, tuple(each for each in some if each is not place))


def _worth(place: RecordedLine) -> tuple[bool, int, int]:
    job = place.job
    return not job.lacks_result, sum(bool(getattr(job, name)) for name in ORIGIN), -place.rank
