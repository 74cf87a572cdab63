"""What git knows of experiment files over time: which commits changed one, and how it differs between two.

Nothing of a commit is run or obeyed, and the work tree is not touched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.project.config.repository import git_answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Names of commits, branches and tags; no searches, which may take long.
_NAME: Final = re.compile(r"[^\W_][\w./@^~-]{0,199}")
_ENDINGS: Final = (".yaml", ".yml")
_HUNK: Final = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_PLAIN: Final = ("--no-color", "--no-ext-diff", "--no-textconv")
_FIELDS: Final = ("--encoding=UTF-8", "--no-show-signature", "--format=%x00%H%n%aI%n%an%n%s")
_LITERAL: Final = ("-c", "core.quotePath=false", "--literal-pathspecs")


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCommit:
    """A commit as one line of a history.

    Args:
        digest: 40 hexadecimal digits.

        at: When it was written, as ISO 8601 with its zone.

        path: What the file was called then, from the root; empty where none is meant.

        added: Lines that it added to the file; None where that is not known, as below.

        removed: Lines that it took away.
    """

    digest: str
    at: str
    author: str
    subject: str
    path: str = ""
    added: int | None = None
    removed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRow:
    """A line of a file beside what it became.

    Args:
        kind: `same`, `changed`, `added`, `removed`, or `gap` where lines that are the same are left out.

        old: Number of the line before (from 1); None where there is none.

        new: Its number after.
    """

    kind: str
    old: int | None = None
    before: str = ""
    new: int | None = None
    after: str = ""


def is_name(text: str) -> bool:
    """Whether a text may name a commit: a digest, a branch or a tag, also one before it as `main~1`."""
    return _NAME.fullmatch(text) is not None and ".." not in text


def is_experiment_path(path: str) -> bool:
    """Whether a path may be that of an experiment file in the repository."""
    parts = path.split("/")
    return path.endswith(_ENDINGS) and path.isprintable() and all(part[:1] not in {"", "."} for part in parts)


def recent_commits(root: Path, limit: int) -> list[PastCommit]:
    """The newest commits before what is checked out, newest first; none outside git."""
    return [*_commits(git_answer(root, "log", f"-{limit}", *_FIELDS) or "", "")]


def file_commits(root: Path, path: str, limit: int) -> list[PastCommit]:
    """The newest commits that changed a file, newest first, also under former names; none outside git.

    Args:
        path: From the root.
    """
    words = ("--follow", "--relative", "--raw", "--numstat", *_PLAIN)
    answer = git_answer(root, *_LITERAL, "log", f"-{limit}", *_FIELDS, *words, "--", path)
    return [*_commits(answer or "", path)]


def _commits(answer: str, path: str) -> Iterator[PastCommit]:
    for said in answer.split("\0")[1:]:
        digest, at, author, subject, *rest = (*said.split("\n"), "", "")  # the ends of an answer are cut
        named, added, removed = path, None, None
        for line in rest:
            fields = line.split("\t")
            if line.startswith(":"):
                named = fields[-1] if is_experiment_path(fields[-1]) else path
            elif len(fields) > len("+-") and fields[0].isdigit():
                added, removed = int(fields[0]), int(fields[1])
        yield PastCommit(
            digest=digest, at=at, author=author, subject=subject, path=named, added=added, removed=removed
        )


def changed_paths(root: Path, before: str, after: str) -> list[tuple[str, str]]:
    """Files that differ between two commits: the path in each, empty where it is not there.

    Args:
        before: 40 hexadecimal digits, as `after`.
    """
    answer = git_answer(root, "diff", "--relative", "-M", "--name-status", "-z", *_PLAIN, before, after)
    words = iter((answer or "").split("\0"))
    found = []
    for kind in words:
        if not kind:
            break
        one = next(words)
        other = next(words) if kind[0] in "RC" else one
        found.append(("" if kind[0] == "A" else one, "" if kind[0] == "D" else other))
    return found


def differing_rows(root: Path, before: str, after: str, paths: tuple[str, str], limit: int) -> list[DiffRow]:
    """A file at two commits, side by side, with three lines around each change; the first rows of them.

    Args:
        paths: What it is called in each; empty where it is not there.
    """
    named = sorted({each for each in paths if each})
    words = ("--relative", "-M", "-U3", *_PLAIN, before, after, "--", *named)
    answer = git_answer(root, *_LITERAL, "diff", *words)
    rows: list[DiffRow] = []
    for row in _rows(answer or ""):
        if len(rows) == limit:
            rows.append(DiffRow(kind="gap"))
            break
        rows.append(row)
    return rows


def _rows(diff: str) -> Iterator[DiffRow]:
    """The rows of what git says of one file."""
    lines = diff.split("\n")
    at = 0
    while at < len(lines):
        hunk = _HUNK.match(lines[at])
        at += 1
        if hunk is None:
            continue
        old, new = int(hunk[1]), int(hunk[3])
        if old > 1 or new > 1:
            yield DiffRow(kind="gap")
        ends = (old + int(hunk[2] or 1), new + int(hunk[4] or 1))
        while (old, new) != ends and at < len(lines):
            if lines[at].startswith(" "):
                yield DiffRow(kind="same", old=old, before=lines[at][1:], new=new, after=lines[at][1:])
                old, new, at = old + 1, new + 1, at + 1
                continue
            gone, at = _beginning(lines, at, "-")
            come, at = _beginning(lines, at, "+")
            if not gone and not come:
                break  # nothing that git says
            yield from _beside(gone, come, old, new)
            old, new = old + len(gone), new + len(come)


def _beginning(lines: list[str], at: int, sign: str) -> tuple[list[str], int]:
    """Lines from one on that begin with a sign, without it; remarks about ends of lines are passed by."""
    found = []
    while at < len(lines) and lines[at].startswith((sign, "\\")):
        if lines[at].startswith(sign):
            found.append(lines[at][1:])
        at += 1
    return found, at


def _beside(gone: list[str], come: list[str], old: int, new: int) -> Iterator[DiffRow]:
    """What went beside what came, as far as there are both."""
    for index in range(max(len(gone), len(come))):
        has_old, has_new = index < len(gone), index < len(come)
        yield DiffRow(
            kind="changed" if has_old and has_new else "removed" if has_old else "added",
            old=old + index if has_old else None,
            before=gone[index] if has_old else "",
            new=new + index if has_new else None,
            after=come[index] if has_new else "",
        )
