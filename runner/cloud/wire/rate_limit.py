"""How fast requests may follow one another: a rate, and a pause for all when the cloud asks for one."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# So much of a second's worth of requests may come at once after a rest.
BURST_S: Final = 1.0


class RateLimit:
    """Lets requests through, whichever thread they come from; in the order in which they come.

    Args:
        requests_per_s: Most requests a second, on the long run; None for no limit.

        clock: Seconds since any moment; only differences count.

        sleep: Waits that many seconds.
    """

    def __init__(
        self,
        requests_per_s: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap_s = 1 / requests_per_s if requests_per_s else 0.0
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._full_at_s = float("-inf")  # when as many requests may come at once as ever
        self._held_until_s = float("-inf")

    def hold(self, seconds: float) -> None:
        """Lets no request through for a while: the cloud wants a rest, and means all of us."""
        with self._lock:
            self._held_until_s = max(self._held_until_s, self._clock() + seconds)

    def wait(self, *, longest_hold_s: float) -> None:
        """Returns when a request may be sent.

        Args:
            longest_hold_s: After so long (in s) it may be sent although the cloud still wants a rest.
        """
        give_up_s = self._clock() + longest_hold_s
        pause_s = self._turn_s()
        while pause_s > 0:
            self._sleep(pause_s)
            pause_s = min(self._held_until_s, give_up_s) - self._clock()

    def _turn_s(self) -> float:
        """How long to wait for one's turn (in s); the turn is taken."""
        with self._lock:
            now_s = self._clock()
            free_s = max(self._full_at_s - max(0.0, BURST_S - self._gap_s), now_s)
            turn_s = max(free_s, self._held_until_s)
            self._full_at_s = max(self._full_at_s, turn_s) + self._gap_s
            return turn_s - now_s
