"""How many requests were sent, and how they were answered."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from runner.cloud.wire.transport import NoAnswerError, NotSentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.cloud.wire.transport import Answer, Port, Request

NONE = "none"


class RequestCounts:
    """Requests by method and class of status (`2xx`; `none` without an answer), of all threads."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def add(self, method: str, outcome: str) -> None:
        """One more."""
        with self._lock:
            self._counts[method, outcome] += 1

    def so_far(self) -> Mapping[tuple[str, str], int]:
        """How many there were of each."""
        with self._lock:
            return dict(self._counts)


class CountedPort:
    """A port whose requests are counted."""

    def __init__(self, port: Port, counts: RequestCounts) -> None:
        self._port, self._counts = port, counts

    def send(self, request: Request) -> Answer:
        """The answer to one request, sent exactly once; raises what the port raises."""
        try:
            answer = self._port.send(request)
        except (NotSentError, NoAnswerError):
            self._counts.add(request.method, NONE)
            raise
        self._counts.add(request.method, f"{answer.status // 100}xx")
        return answer
