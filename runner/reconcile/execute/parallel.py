"""Executes what several experiments need, at the same time; the trouble of one is no other's."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

from runner.errors import AuthenticationError, CloudUnavailableError, ProjectError, RunnerError
from runner.reconcile.model.actions import Hold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner.reconcile.model.snapshot import Planned

# After so many failures in a row for want of an answer nothing more is begun: each may have waited a minute.
SILENT_IN_A_ROW: Final = 8
_FORBIDDEN: Final = 403


class Trouble(NamedTuple):
    """What went wrong with an experiment."""

    experiment: str
    error: RunnerError


def execute_all(planned: Sequence[Planned], execute: Callable[[Planned], None], *, workers: int) -> None:
    """Performs what each experiment needs, several at a time; one experiment's actions stay in order.

    What one cannot do keeps no other from being performed. Only when the cloud takes nobody's word any more,
    or does not answer many in a row, those not begun are left for another pass.

    Args:
        workers: How many at a time; with 1, or with one experiment, everything happens in this thread.

    Raises:
        RunnerError: What went wrong, once all have ended; the others' errors are its notes. It is a
            `CloudUnavailableError` only if all of them are.
    """
    busy = [each for each in planned if any(not isinstance(action, Hold) for action in each.plan.actions)]
    turns = _Turns(execute)
    if workers == 1 or len(busy) == 1:
        for each in busy:
            turns.take(each)
    elif busy:
        _take_at_once(busy, turns, min(workers, len(busy)))
    if turns.errors:
        names = [each.plan.experiment for each in busy]
        raise summary([Trouble(name, turns.errors[name]) for name in names if name in turns.errors])


def _take_at_once(busy: Sequence[Planned], turns: _Turns, workers: int) -> None:
    pool = ThreadPoolExecutor(workers, thread_name_prefix="experiments")
    try:
        for future in [pool.submit(turns.take, each) for each in busy]:
            future.result()  # raises what is no error of ours: a bug, or an end that was asked for
    finally:
        turns.end()
        pool.shutdown(cancel_futures=True)


class _Turns:
    """Performs one after the other and notes what goes wrong; usable from several threads."""

    def __init__(self, execute: Callable[[Planned], None]) -> None:
        self._execute = execute
        self._lock = threading.Lock()
        self._unanswered = 0
        self._is_over = False
        self.errors: dict[str, RunnerError] = {}

    def take(self, planned: Planned) -> None:
        """Performs what an experiment needs, unless there is no use in it any more."""
        if self._is_over:
            return
        try:
            self._execute(planned)
        except RunnerError as error:
            self._note(planned.plan.experiment, error)
        else:
            with self._lock:
                self._unanswered = 0

    def end(self) -> None:
        """Begins nothing more."""
        self._is_over = True

    def _note(self, experiment: str, error: RunnerError) -> None:
        with self._lock:
            self.errors[experiment] = error
            self._unanswered = self._unanswered + 1 if isinstance(error, CloudUnavailableError) else 0
            if _is_hopeless(error) or self._unanswered >= SILENT_IN_A_ROW:
                self._is_over = True


def _is_hopeless(error: RunnerError) -> bool:
    """Whether no other experiment would fare better; what is forbidden may be so to one device type alone."""
    if isinstance(error, AuthenticationError):
        return error.status != _FORBIDDEN
    return isinstance(error, ProjectError)


def summary(troubles: Sequence[Trouble]) -> RunnerError:
    """The error that stands for all: the first, or the first that waiting does not mend.

    The others are its notes, each with the experiment that it is about.
    """
    lasting = [each for each in troubles if not isinstance(each.error, CloudUnavailableError)]
    first = (lasting or troubles)[0]
    if len(troubles) > 1:
        first.error.add_note(f"this was {first.experiment}; there is more:")
    for other in troubles:
        if other is not first:
            first.error.add_note(_text(other))
    return first.error


def _text(trouble: Trouble) -> str:
    hint = f" (hint: {trouble.error.hint})" if trouble.error.hint else ""
    return f"{trouble.experiment}: {trouble.error}{hint}"
