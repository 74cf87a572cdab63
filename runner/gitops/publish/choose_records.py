"""Which records go to a branch, and what the commit says of them. Pure: what the branch holds is given."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from runner.domain.numerals import counted
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping


_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# What git takes for the name of a branch in no place.
_NO_BRANCH: Final = re.compile(r"^[-/]|/$|\.\.|//|[\s~^?*\[\\\x00-\x1f\x7f]|@\{|^@$|(^|/)\.|\.(lock)?(/|$)")
FILES: Final = frozenset({"100644", "100755"})  # the modes by which git knows plain files
_PARTS, _PARTS_OF_A_JOB = 3, 4


@dataclass(frozen=True, slots=True)
class Destination:
    """Where records go.

    Args:
        folder: From the branch's root; None for the folder that they have here.
    """

    branch: str
    folder: str | None = None


def destination(text: str) -> Destination:
    """The destination that `BRANCH` or `BRANCH:FOLDER` names.

    Raises:
        UsageError: There can be no such branch, or the folder is not within the repository.
    """
    branch, colon, folder = text.partition(":")
    if not branch or _NO_BRANCH.search(branch):
        raise UsageError(f"--records {text}: {branch!r} cannot be the name of a branch")
    path = PurePosixPath(folder)
    if path.is_absolute() or {"..", ".git", ".runner"} & set(path.parts) or (colon and not folder):
        raise UsageError(f"--records {text}: {folder!r} is no folder within the repository")
    return Destination(branch, str(path) if colon else None)


def is_record(path: str) -> bool:
    """Whether a path, from the folder of the records, is one that a runner writes."""
    parts = path.split("/")
    if not all(map(_NAME.fullmatch, parts)):
        return False
    if len(parts) == _PARTS:
        return parts[-1] == "manifest.json" or parts[-1].endswith(".jsonl")
    return len(parts) == _PARTS_OF_A_JOB and parts[-1].endswith(".pulser.json")


def are_records(paths: Iterable[str], folder: str) -> bool:
    """Whether all paths, from the root, are of records in a folder; `.` is the root itself."""
    prefix = "" if folder == "." else f"{folder}/"
    return all(path.startswith(prefix) and is_record(path.removeprefix(prefix)) for path in paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """A record on both sides.

    Args:
        ours: As it is here.

        theirs: As the branch has it; None where it has none.

        before: As it was here when it was last pushed; None if it never was.
    """

    path: str
    ours: str
    theirs: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChoice:
    """What becomes of a record.

    Args:
        text: To be written; None where nothing is.

        is_ours: Whether that is ours as it is.

        jobs: How many jobs of it the branch did not have, or not so.

        left: What stays as the branch has it, and why; empty where nothing does.
    """

    text: str | None = None
    is_ours: bool = False
    jobs: int = 0
    left: str = ""


def choice(sides: Sides) -> RecordChoice:
    """What becomes of a record: an older version of ours is replaced, what others wrote stays.

    What was pushed once and is gone from the branch was taken away on purpose, and is not put back.
    """
    if sides.theirs == sides.ours:
        return RecordChoice()
    if sides.theirs is None and sides.before == sides.ours:
        return RecordChoice(left="was taken away")
    if sides.path.endswith(".jsonl"):
        return _choice_of_lines(sides)
    if sides.theirs is None or sides.theirs == sides.before:
        return RecordChoice(text=sides.ours, is_ours=True)
    return RecordChoice(left="was written elsewhere")


def _choice_of_lines(sides: Sides) -> RecordChoice:
    """Each job by itself, as another runner may know more jobs of the batch."""
    theirs, ours = lines_by_job(sides.theirs or ""), lines_by_job(sides.ours)
    if theirs is None or ours is None:
        return RecordChoice(
            left="is no record of jobs" if theirs is None else "is none here that can be read"
        )
    before = (lines_by_job(sides.before or "") or {}) if sides.theirs is not None else {}
    fresh = {job: line for job, line in ours.items() if theirs.get(job) != line}
    taken = {job: line for job, line in fresh.items() if _goes_in(line, theirs.get(job), before.get(job))}
    differ = [job for job in fresh if job not in taken and job in theirs]
    left = f"has {len(differ)} job{'s'[: len(differ) > 1]} recorded otherwise" if differ else ""
    if not taken:
        return RecordChoice(left=left)
    merged = theirs | taken
    order = ours if theirs.keys() <= ours.keys() else merged
    text = "".join(f"{merged[job]}\n" for job in order if job in merged)
    return RecordChoice(text=text, is_ours=text == sides.ours, jobs=len(taken), left=left)


def _goes_in(ours: str, theirs: str | None, before: str | None) -> bool:
    """Whether a line that the branch does not have so is to be there."""
    return before != ours if theirs is None else theirs == before


def lines_by_job(text: str) -> dict[str, str] | None:
    """The lines of a record by the ids of their jobs; None if it is not one line a job."""
    lines = text.removesuffix("\n").split("\n") if text else []
    try:
        found = {json.loads(line)["job_id"]: line for line in lines}
    except (ValueError, TypeError, KeyError):
        return None
    return found if len(found) == len(lines) and all(isinstance(each, str) for each in found) else None


def obstacle(path: str, modes: Mapping[str, str], folders: Container[str]) -> str:
    """What of the branch stands where a file is to be written; empty if nothing does.

    Args:
        path: From the branch's root.

        modes: Of all the branch's files, by path.

        folders: All that they are in.
    """
    above = next((each for each in folders_of(path) if each in modes), None)
    if above:
        return f"cannot be there: {above} is no folder"
    return "is no file" if path in folders or modes.get(path, "100644") not in FILES else ""


def folders_of(path: str) -> list[str]:
    """The folders that a path is in."""
    return [str(each) for each in PurePosixPath(path).parents if each.parts]


def message(jobs: Mapping[str, int], *, skips_ci: bool) -> str:
    """The message of the commit; the same for the same records.

    Args:
        jobs: How many were recorded, by experiment.

        skips_ci: Whether the commit is for no CI to look at.
    """
    only = next(iter(jobs)) if len(jobs) == 1 else f"{len(jobs)} experiments"
    lines = [f"{name}: {counted(jobs[name], 'job')} recorded" for name in sorted(jobs)]
    return (
        "\n".join([f"Record results of {only}", "", *lines, *(["", "[skip ci]"] if skips_ci else [])]) + "\n"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsPlace:
    """Where on a branch records are, and where they are here.

    Args:
        folder: From the branch's root; `.` is the root itself.

        results: Folder in the clone, from its root.

        is_followed: Whether commits of the branch are brought into force.
    """

    branch: str
    folder: str
    results: str
    is_followed: bool = False

    def there(self, path: str) -> str:
        """A path of a record, from the branch's root."""
        return path if self.folder == "." else f"{self.folder}/{path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was on a branch when records last went there.

    Args:
        commit: Its newest one then; empty where there was no branch.

        held: The tree of what was here; empty before the first push.

        left: What stayed as the branch had it, in order.
    """

    url: str
    branch: str
    folder: str
    commit: str = ""
    held: str = ""
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What a push has brought about.

    Args:
        commit: Empty where none was needed.

        jobs: How many were recorded, by experiment.

        left: What stays as the branch has it and was not told before, in order.
    """

    commit: str = ""
    jobs: Mapping[str, int] = field(default_factory=dict)
    left: tuple[str, ...] = ()
