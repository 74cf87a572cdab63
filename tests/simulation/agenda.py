"""Virtual time for several threads, of which one runs at a time: who waits hands the turn to who is next.

A runner is a real process with one thread of control: it can be stopped between any two of its effects only
if it has a stack of its own. Which thread runs is decided by the agenda alone, never by the machine.
"""

from __future__ import annotations

import heapq
import threading
from datetime import timedelta
from itertools import count


class AbandonedError(BaseException):
    """The history has come to a bad end somewhere else."""


class Turn:
    """The right of one thread to run."""

    def __init__(self):
        self.go = threading.Semaphore(0)


class Agenda:
    """What happens when.

    Args:
        clock: A `fakes.VirtualClock`; it is moved from event to event.
    """

    def __init__(self, clock):
        self._clock, self._start = clock, clock.now
        self._heap, self._order = [], count()
        self._over = threading.Semaphore(0)
        self._left, self._counting = 0, threading.Lock()
        self.error = None

    @property
    def now_s(self):
        """Virtual time since the beginning (in s)."""
        return (self._clock.now - self._start).total_seconds()

    def after(self, seconds, what):
        """Calls a function, or gives a turn, in a while."""
        heapq.heappush(self._heap, (self.now_s + seconds, next(self._order), what))

    def wait(self, turn, seconds):
        """Lets the world go on; returns when it is this thread's turn again."""
        self.after(seconds, turn)
        self._go_on(turn)
        if self.error is not None:
            raise AbandonedError

    def play(self, lives):
        """Runs all threads to their ends; raises what ended one of them badly."""
        threads = []
        for life in lives:
            turn = Turn()
            threads.append(threading.Thread(target=self._live, args=(life, turn), name="runner", daemon=True))
            self.after(0, turn)
        self._turns = [what for _, _, what in self._heap if isinstance(what, Turn)]
        self._left = len(threads)
        for thread in threads:
            thread.start()
        self._go_on(None)
        self._over.acquire()
        for thread in threads:
            thread.join()
        if self.error is not None:
            raise self.error

    def _live(self, life, turn):
        turn.go.acquire()
        try:
            if self.error is None:
                life(turn)
        except AbandonedError:
            pass
        except BaseException as error:  # noqa: BLE001  (whatever it is, it is raised again by `play`)
            self._abandon(error)
        with self._counting:
            self._left -= 1
            is_last = not self._left
        if is_last:
            self._over.release()
        elif self.error is None:
            try:
                self._go_on(None)
            except BaseException as error:  # noqa: BLE001
                self._abandon(error)

    def _go_on(self, turn):
        while True:
            at_s, _, what = heapq.heappop(self._heap)
            self._clock.now = max(self._clock.now, self._start + timedelta(seconds=at_s))
            if what is turn:
                return
            if isinstance(what, Turn):
                what.go.release()
                if turn is not None:
                    turn.go.acquire()
                return
            what()

    def _abandon(self, error):
        if self.error is None:
            self.error = error
            for turn in self._turns:
                turn.go.release()
