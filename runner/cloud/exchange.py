"""One call of the cloud: sent once when it must be, repeated when it may be, answered or explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import runner
from runner.cloud import wire
from runner.cloud.retrying import RETRIED_STATUSES
from runner.cloud.transport import NoAnswerError, NotSentError, Request, UnsendableError
from runner.errors import CloudError, CloudUnavailableError, ProjectError, UnknownOutcomeError

if TYPE_CHECKING:
    from runner.cloud.authentication import TokenProvider
    from runner.cloud.retrying import Retrying
    from runner.cloud.transport import Answer, Port

_OK: Final = range(200, 300)
_USER_AGENT: Final = f"pulser-runner/{runner.__version__}"


class Exchange:
    """Sends requests and reads answers, with authentication, repetition and errors.

    Args:
        tokens: Where tokens come from; None sends none.

        port: What carries requests.

        retrying: How safe requests are repeated.
    """

    def __init__(self, *, tokens: TokenProvider | None, port: Port, retrying: Retrying) -> None:
        self.tokens = tokens
        self.retrying = retrying
        self._port = port

    def call(
        self,
        method: str,
        url: str,
        *,
        payload: Any = None,
        query: tuple[tuple[str, str], ...] = (),
        public: bool = False,
    ) -> dict[str, Any]:
        """The JSend-like object of a successful answer; it has `data`.

        Args:
            public: The route needs no token, so none is sent.
        """
        body, headers = wire.encoded(payload)
        headers |= {"User-Agent": _USER_AGENT, "Accept": "application/json"}
        request = Request(method, url, query, headers, body, self._token(public=public))
        return wire.envelope(request, self._answer(request))

    def download(self, link: str) -> dict[str, Any]:
        """The JSON object behind a signed link; our token has no business there."""
        request = Request("GET", link, headers={"User-Agent": _USER_AGENT})
        return wire.json_object(request, self._answer(request))

    def _token(self, *, public: bool) -> str | None:
        # Never in a variable of its own: a traceback may be shown with the values of all locals.
        return self.tokens.get_token() if self.tokens and not public else None

    def _answer(self, request: Request) -> Answer:
        started_s, attempt = self.retrying.clock(), 0
        while True:
            attempt += 1
            outcome = self._attempt(request)
            if not isinstance(outcome, CloudError):
                return outcome
            wait_s = self.retrying.wait_s(attempt, outcome.retry_after)
            spent_s = self.retrying.clock() - started_s
            if not _worth_repeating(request, outcome) or spent_s + wait_s > self.retrying.budget_s:
                raise outcome
            self.retrying.sleep(wait_s)

    def _attempt(self, request: Request) -> Answer | CloudError:
        try:
            answer = self._port.send(request)
        except UnsendableError as error:
            raise ProjectError(
                str(error), hint="look at the target in runner.toml, and at the token"
            ) from error
        except NotSentError as error:
            return _explained(CloudUnavailableError, request, "the cloud cannot be reached", error)
        except NoAnswerError as error:
            kind = CloudUnavailableError if request.is_safe else UnknownOutcomeError
            return _explained(kind, request, "the cloud did not answer", error)
        return answer if answer.status in _OK else wire.refusal(request, answer)


def _worth_repeating(request: Request, error: CloudError) -> bool:
    return request.is_safe and (error.status is None or error.status in RETRIED_STATUSES)


def _explained(kind: type[CloudError], request: Request, message: str, cause: Exception) -> CloudError:
    error = kind(f"{message}: {cause}", method=request.method, path=request.path)
    error.__cause__ = cause
    return error
