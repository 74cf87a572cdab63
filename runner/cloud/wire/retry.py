"""When to send a safe request again: exponential backoff with full jitter, within a time budget."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# Answers that ask to try again later. For a POST they say nothing of what happened.
RETRIED_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """How long and how often a safe request is repeated.

    Args:
        budget_s: Most time spent on waiting for one request, all its repetitions together (in s).

        first_s: Upper bound of the first wait (in s); each further one doubles.

        longest_s: Upper bound of any wait that the server did not ask for (in s).

        clock: Seconds since any moment; only differences count.

        sleep: Waits that many seconds.

        jitter: A number drawn evenly between 0 and its argument.
    """

    budget_s: float = 60.0
    first_s: float = 0.25
    longest_s: float = 15.0
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    jitter: Callable[[float], float] = field(default=lambda bound: random.uniform(0, bound), repr=False)  # noqa: S311

    def wait_s(self, attempt: int, retry_after: str | None) -> float:
        """How long to wait after a failed attempt (in s).

        Args:
            attempt: Attempts made so far, at least 1.

            retry_after: The header of the answer, seconds or an HTTP date; it is a lower bound.
        """
        backoff = self.jitter(min(self.longest_s, self.first_s * 2 ** min(attempt - 1, 32)))
        return max(backoff, retry_after_s(retry_after, datetime.now(UTC)))


def retry_after_s(value: str | None, now: datetime) -> float:
    """Seconds that a `Retry-After` header asks for; 0 without one, or with one that cannot be read."""
    if not value:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    moment = moment_of(value)
    return max(0.0, (moment - now).total_seconds()) if moment else 0.0


def moment_of(date: str) -> datetime | None:
    """The moment that an HTTP date says; None for what is none."""
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
