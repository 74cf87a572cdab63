"""Results that could not be had, or cannot be right: when they are asked for again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.errors import CloudUnavailableError, JobFetchingError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from runner.errors import CloudError

# How often the result of a job is asked for in one apply; the next one begins anew.
MOST: Final = 3


@dataclass(frozen=True, slots=True)
class FailedFetch:
    """What came of asking for the result of a job so far, within one apply.

    Args:
        times: How often it was asked for in vain.

        at: When it was last.
    """

    times: int
    at: datetime

    def again_s(self, now: datetime, first_s: float) -> float | None:
        """How long to wait before it is asked for again (in s); None if it is not, in this apply.

        Args:
            first_s: The first pause (in s); each further one doubles.
        """
        if self.times >= MOST:
            return None
        pause_s = first_s * 2 ** (self.times - 1)
        age_s = (now - self.at).total_seconds()
        return pause_s - age_s if 0 <= age_s < pause_s else 0.0


def failed_again(before: FailedFetch | None, error: CloudError | None, now: datetime) -> FailedFetch:
    """What is known after one more fetch in vain.

    Args:
        error: Why there is no result. Where nothing answers, and where a link leads nowhere, the client has
            asked as long as it may.
    """
    times = (before.times if before else 0) + 1
    is_over = isinstance(error, (CloudUnavailableError, JobFetchingError))
    return FailedFetch(MOST if is_over else times, now)


def next_fetch_s(fetches: Iterable[FailedFetch], now: datetime, first_s: float) -> float | None:
    """How long to wait before any result is asked for again (in s); None if none is."""
    waits_s = (fetch.again_s(now, first_s) for fetch in fetches)
    return min((wait_s for wait_s in waits_s if wait_s is not None), default=None)
