"""Which failures are sent again, how often and when. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from runner.domain import JobStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from runner.domain import (
        Policy,
        Retry,
    )
    from runner.reconcile.plan.counted_jobs import CountedJob


# How an error of a program begins that does not go away by itself: an emulator's, as it tells it.
_LASTING: Final = re.compile(
    r"(ValueError|TypeError|NotImplementedError|KeyError|IndexError|AttributeError|ZeroDivisionError)\b"
)


def is_retried(remote: CountedJob, retry: Retry) -> bool:
    """Whether a job is a failure that is sent again, as often as the policy allows.

    An emulator that refuses what it is given refuses it each time; `retry.errors` may say otherwise.
    """
    if remote.status not in retry.on or remote.is_skipped:
        return False
    if remote.status is not JobStatus.ERROR:
        return True
    if not retry.errors:
        return not any(map(_LASTING.match, remote.errors))
    return any(re.search(pattern, text) for pattern in retry.errors for text in remote.errors)


def retry_at(failures: Sequence[CountedJob], policy: Policy) -> datetime | None:
    """When a failed point may be sent again; None where none has failed."""
    ends = [remote.ended_at for remote in failures if remote.ended_at is not None]
    return max(ends) + timedelta(seconds=policy.retry.backoff_s) if ends else None


def is_exhausted(failures: Sequence[CountedJob], retry: Retry) -> bool:
    """Whether a point has failed as often as its policy has it sent, and once more."""
    return len(failures) > retry.limit
