"""One call of the cloud: sent once when it must be, repeated when it may be, answered or explained."""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Self

import runner
from runner.cloud.wire import responses
from runner.cloud.wire.rate_limit import RateLimit
from runner.cloud.wire.request_counts import CountedPort
from runner.cloud.wire.retry import RETRIED_STATUSES, moment_of, retry_after_s
from runner.cloud.wire.transport import (
    EndlessAnswerError,
    NoAnswerError,
    NotSentError,
    Payload,
    Request,
    UnsendableError,
)
from runner.errors import (
    CloudError,
    CloudUnavailableError,
    ProjectError,
    UnknownOutcomeError,
    WireFormatError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.cloud.wire.request_counts import RequestCounts
    from runner.cloud.wire.retry import Retrying
    from runner.cloud.wire.tokens import TokenProvider
    from runner.cloud.wire.transport import Answer, Port

_OK: Final = range(200, 300)
# Answers whose `Retry-After` speaks to all of us, and not of one thing that is not ready.
_ASKS_FOR_REST: Final = frozenset({429, 503})
_COARSE: Final = timedelta(seconds=2)
_USER_AGENT: Final = f"pulser-runner/{runner.__version__}"


class ServerTime:
    """The cloud's own time, as the `Date` of its last answer says it; it goes on between two answers."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._said: tuple[datetime, float] | None = None

    def hear(self, headers: Mapping[str, str]) -> None:
        """Keeps what an answer says of the time, if it says anything that can be read."""
        date = next((value for name, value in headers.items() if name.lower() == "date"), None)
        moment, known = moment_of(date) if date else None, self.now()
        # It says whole seconds, so that of several the latest moment is the nearest; unless a clock was set.
        if moment and (known is None or moment > known or known - moment > _COARSE):
            self._said = moment, self._clock()

    def now(self) -> datetime | None:
        """The time now; None before the cloud has said any."""
        if self._said is None:
            return None
        moment, at_s = self._said
        return moment + timedelta(seconds=self._clock() - at_s)


class Exchange:
    """Sends requests and reads answers, with authentication, pace, repetition and errors.

    Args:
        tokens: Where tokens come from; None sends none.

        port: What carries requests.

        retrying: How safe requests are repeated.
    """

    def __init__(self, *, tokens: TokenProvider | None, port: Port, retrying: Retrying) -> None:
        self.tokens = tokens
        self.retrying = retrying
        self.server_time = ServerTime(retrying.clock)
        self._port = port
        self._pace = RateLimit(clock=retrying.clock, sleep=retrying.sleep)

    def paced(self, requests_per_s: float | None) -> Self:
        """The same with a limit to the requests a second, on the long run; None is no limit."""
        other = copy(self)
        other._pace = RateLimit(requests_per_s, clock=self.retrying.clock, sleep=self.retrying.sleep)  # noqa: SLF001  (of our own kind)
        return other

    def counted(self, counts: RequestCounts) -> Self:
        """The same, at the same pace, with its requests counted."""
        other = copy(self)
        other._port = CountedPort(self._port, counts)  # noqa: SLF001  (of our own kind)
        return other

    def call(
        self,
        method: str,
        url: str,
        *,
        payload: object = None,
        query: tuple[tuple[str, str], ...] = (),
        public: bool = False,
    ) -> Payload:
        """The JSend-like object of a successful answer; it has `data`.

        Args:
            public: The route needs no token, so none is sent.
        """
        body, headers = responses.encoded(payload)
        headers |= {"User-Agent": _USER_AGENT, "Accept": "application/json"}
        request = Request(method, url, query, headers, body, self._token(public=public))
        return responses.envelope(request, self._answer(request, self._paced_attempt))

    def download(self, link: str) -> Payload:
        """The JSON object behind a signed link; our token has no business there."""
        request = Request("GET", link, headers={"User-Agent": _USER_AGENT})
        return responses.json_object(request, self._answer(request, self._attempt))

    def _token(self, *, public: bool) -> str | None:
        # Never in a variable of its own: a traceback may be shown with the values of all locals.
        return self.tokens.get_token() if self.tokens and not public else None

    def _answer(self, request: Request, attempted: Callable[[Request], Answer | CloudError]) -> Answer:
        started_s, attempt = self.retrying.clock(), 0
        while True:
            attempt += 1
            outcome = attempted(request)
            if not isinstance(outcome, CloudError):
                return outcome
            wait_s = self.retrying.wait_s(attempt, outcome.retry_after)
            spent_s = self.retrying.clock() - started_s
            if not _worth_repeating(request, outcome) or spent_s + wait_s > self.retrying.budget_s:
                raise outcome
            self.retrying.sleep(wait_s)

    def _paced_attempt(self, request: Request) -> Answer | CloudError:
        """One attempt, when its turn has come; what the cloud says of its load holds for all threads."""
        self._pace.wait(longest_hold_s=self.retrying.budget_s)
        outcome = self._attempt(request)
        if isinstance(outcome, CloudError) and outcome.status in _ASKS_FOR_REST:
            rest_s = retry_after_s(outcome.retry_after, datetime.now(UTC))
            self._pace.hold(min(rest_s, self.retrying.budget_s))
        return outcome

    def _attempt(self, request: Request) -> Answer | CloudError:
        try:
            answer = self._port.send(request)
        except UnsendableError as error:
            raise ProjectError(
                str(error), hint="look at the target in runner.toml, and at the token"
            ) from error
        except NotSentError as error:
            return _explained(CloudUnavailableError, request, "the cloud cannot be reached", error)
        except EndlessAnswerError as error:
            unread = WireFormatError if request.is_safe else UnknownOutcomeError
            return _explained(unread, request, "the answer cannot be read", error)
        except NoAnswerError as error:
            unheard = CloudUnavailableError if request.is_safe else UnknownOutcomeError
            return _explained(unheard, request, "the cloud did not answer", error)
        self.server_time.hear(answer.headers)
        return answer if answer.status in _OK else responses.refusal(request, answer)


def _worth_repeating(request: Request, error: CloudError) -> bool:
    if isinstance(error, WireFormatError):
        return False
    return request.is_safe and (error.status is None or error.status in RETRIED_STATUSES)


def _explained(kind: type[CloudError], request: Request, message: str, cause: Exception) -> CloudError:
    error = kind(f"{message}: {cause}", method=request.method, path=request.path)
    error.__cause__ = cause
    return error
