"""What a notification says, as JSON: see schemas/notification.schema.json. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final

from runner.domain.digests import digest
from runner.gitops import shown
from runner.gitops.commit_policy import SHORT
from runner.project.notify.events import NoticeState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from runner.project.notify.events import Notice
    from runner.reconcile.model.plan import PointProgress

FORMAT: Final = "runner/notification/v1"
_ID_CHARACTERS: Final = 32
_TEXT_CHARACTERS: Final = 500
# Signs by which chat services mention people or make links: what a file or the cloud says makes neither.
_QUIET: Final = str.maketrans({"<": "‹", ">": "›", "@": "＠"})
_WORDS: Final = {NoticeState.FAILED: "failed", NoticeState.ERROR: "has an error"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whence:
    """Where notices come from.

    Args:
        repository: What is followed; it is shown without user and password.

        namespace: None where nothing tells.
    """

    repository: str
    branch: str
    target: str
    namespace: str | None


def notice_id(notice: Notice, whence: Whence) -> str:
    """What a notice is known by, 32 hexadecimal digits: the same for each clone of the repository."""
    parts = {
        "repository": shown(whence.repository),
        "branch": whence.branch,
        "experiment": notice.experiment,
        "digest": notice.digest,
        "state": notice.state,
        "about": notice.about,
    }
    return digest(parts)[:_ID_CHARACTERS]


def payload(notice: Notice, whence: Whence, at: datetime) -> dict[str, object]:
    """What is sent of a notice."""
    plan = notice.plan
    return {
        "notification": FORMAT,
        "id": notice_id(notice, whence),
        "at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "state": notice.state,
        "experiment": notice.experiment or None,
        "digest": notice.digest or None,
        "repository": shown(whence.repository),
        "branch": whence.branch,
        "commit": notice.commit or None,
        "target": whence.target,
        "namespace": whence.namespace,
        "sync": plan.sync if plan else None,
        "health": plan.health if plan else None,
        "jobs": dict(sorted(Counter(job.status for job in plan.jobs).items())) if plan else None,
        "runs": _runs(plan.jobs) if plan else None,
        "message": shown(notice.message),
        "text": text(notice, whence),
    }


def _runs(jobs: Sequence[PointProgress]) -> dict[str, int]:
    return {
        "wanted": sum(job.runs for job in jobs),
        "done": sum(job.done for job in jobs),
        "active": sum(job.active for job in jobs),
        "missing": sum(job.missing for job in jobs),
    }


def text(notice: Notice, whence: Whence) -> str:
    """A notice in a line for people, in which nothing is a mention or a link."""
    short = notice.commit[:SHORT]
    is_of_commit = notice.state in {NoticeState.INVALID, NoticeState.REFUSED}
    subject = notice.experiment or (f"commit {short}" if is_of_commit else "runner sync")
    where = whence.branch if is_of_commit or not short else f"{whence.branch} at {short}"
    name = shown(whence.repository).rstrip("/").removesuffix(".git").replace(":", "/").rpartition("/")[2]
    said = f"{subject} {_WORDS.get(notice.state, f'is {notice.state}')}: {shown(notice.message)}"
    return f"{_in_a_line(said, _TEXT_CHARACTERS)} ({name}, {where})".translate(_QUIET)


def _in_a_line(said: str, longest: int) -> str:
    line = " ".join(said.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
