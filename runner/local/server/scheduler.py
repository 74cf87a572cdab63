"""The thread in which things happen by themselves."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, TypeVar

from runner.local.store.store import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.local.server.local_cloud import LocalCloud

T = TypeVar("T")

LOG = logging.getLogger(__name__)
_LONGEST_WAIT_S = 60.0
_SHORTEST_WAIT_S = 0.01
_PAUSE_AFTER_FAILURE_S = 1.0


class IdleExit:
    """Whether nobody needs the server any more.

    Args:
        after_s: How long nobody may ask for anything (in s); None for ever.

        idle_s: How long nobody has (in s).

        leave: Ends the server.
    """

    def __init__(self, after_s: float | None, idle_s: Callable[[], float], leave: Callable[[], None]) -> None:
        self._after_s = after_s
        self._idle_s = idle_s
        self._leave = leave

    def remaining_s(self) -> float:
        """When to look again (in s)."""
        return _LONGEST_WAIT_S if self._after_s is None else self._after_s - self._idle_s()

    def check(self, cloud: LocalCloud) -> None:
        """Leave, if nobody asked for anything for long enough and nothing waits or runs."""
        if self._after_s is not None and self._idle_s() >= self._after_s and not cloud.has_work():
            self._leave()


class Scheduler:
    """Steps a cloud whenever something changed, and at the times that its steps name.

    Args:
        cloud: What is stepped; by nobody else meanwhile.

        idle_exit: Looked at after each step.

        prepare: Called first, in the same thread.
    """

    def __init__(self, cloud: LocalCloud, idle_exit: IdleExit, *, prepare: Callable[[], None]) -> None:
        self._cloud = cloud
        self._idle_exit = idle_exit
        self._prepare = prepare
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="scheduler")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._cloud.changed.set()
        self._thread.join()

    def _run(self) -> None:
        self._attempt(self._prepare)
        while not self._is_over:
            self._cloud.changed.wait(self._step())
            self._idle_exit.check(self._cloud)

    def _attempt(self, action: Callable[[], T]) -> T | None:
        try:
            return action()
        except Exception:  # a full disk, a locked database: it may pass
            LOG.exception("a step failed; it is tried again")
            time.sleep(_PAUSE_AFTER_FAILURE_S)
            return None

    def _step(self) -> float:
        """StepReport once; gives how long to wait for a change before the next one (in s)."""
        step = self._attempt(self._cloud.step)
        if step is None:
            return 0.0
        again = step.look_again_at
        until_timeout = _LONGEST_WAIT_S if again is None else (again - utc_now()).total_seconds()
        return max(_SHORTEST_WAIT_S, min(_LONGEST_WAIT_S, until_timeout, self._idle_exit.remaining_s()))
