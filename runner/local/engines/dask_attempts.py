"""Attempts under way on a Dask cluster, and the connection that they hang on."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client

    from runner.local.engines.dask_members import Member


@dataclass(slots=True, eq=False)
class SchedulerConnection:
    """A connection to a scheduler. When it is lost, all that was asked of it is lost as well.

    Args:
        comm: The client's line to the scheduler; the client may take another one, which knows nothing of us.
    """

    client: Client
    comm: Any
    is_dropped: bool = False

    def is_alive(self) -> bool:
        """Whether it still stands."""
        is_ours = self.client.scheduler_comm is self.comm
        return is_ours and self.client.status == "running" and not self.is_dropped


class Attempt:
    """An attempt under way.

    Args:
        key: The task's.

        is_long: Whether it will keep its worker for long.
    """

    def __init__(self, key: str, *, is_long: bool) -> None:
        self.key = key
        self.is_long = is_long
        self.answer: Future[str] = Future()
        self.task: Any = None
        self.member: Member | None = None
        self.has_begun = False
        self.began_s = time.monotonic()

    @property
    def id(self) -> str:
        """The id of its worker."""
        return self.member.id if self.member else ""

    @property
    def begun_at(self) -> str | None:
        """The address of its worker, if that has begun with it."""
        return self.member.address if self.member and self.has_begun else None


def release(under_way: Attempt) -> None:
    """Let the cluster forget a task; a worker that is at it sees that, and stops it."""
    if under_way.task is not None:
        under_way.task.release()


def succeed(answer: Future[str], text: str) -> None:
    """Tell the answer of an attempt, unless something was told of it before."""
    with contextlib.suppress(InvalidStateError):  # it was canceled meanwhile, or is known to be lost
        answer.set_result(text)


def fail(answer: Future[str], error: BaseException) -> None:
    """Tell what ended an attempt, unless something was told of it before."""
    with contextlib.suppress(InvalidStateError):
        answer.set_exception(error)
