"""The only module that touches the network: one finished request in, one answer out."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from runner.errors import RunnerError

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECTIONS: Final = 64
CONNECT_TIMEOUT_S: Final = 10.0
READ_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Request:
    """A finished HTTP request.

    Args:
        body: What is sent; kept out of `repr`, since a login carries a password.

        token: Sent as bearer token; None sends no authorization at all. Kept out of `repr`.
    """

    method: str
    url: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    @property
    def path(self) -> str:
        """Path of the URL, without host and query: what may be shown."""
        return urlsplit(self.url).path

    @property
    def is_safe(self) -> bool:
        """Whether sending it twice is the same as sending it once: all but POST."""
        return self.method != "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, decoded and whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotSentError(RunnerError):
    """The request never reached the server."""


class NoAnswerError(RunnerError):
    """The request may have reached the server, but no whole answer came back."""


class Port(Protocol):
    """What carries requests to the cloud."""

    def send(self, request: Request) -> Answer:
        """The answer to one request, sent exactly once.

        Raises:
            NotSentError: It never reached the server.

            NoAnswerError: It may have reached the server.
        """


class RequestsPort:
    """Carries requests over HTTP(S); usable from several threads.

    Args:
        connections: Size of the connection pool.

        verify: True for the system's trust in TLS certificates, or the path of a CA bundle.

        timeout_s: Most time to connect, and most time between two bytes of the answer (in s).
    """

    def __init__(
        self,
        *,
        connections: int = CONNECTIONS,
        verify: bool | str = True,
        timeout_s: tuple[float, float] = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
    ) -> None:
        self._session = requests.Session()
        self._session.verify = verify
        adapter = HTTPAdapter(pool_connections=8, pool_maxsize=connections, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._direct = requests.Session()  # for loopback: no proxy of the environment stands between
        self._direct.trust_env = False
        self._direct.mount("http://", adapter)
        self._timeout_s = timeout_s

    def send(self, request: Request) -> Answer:
        """The answer to one request, sent exactly once; redirects are answers."""
        session = self._direct if _is_loopback(request.url) else self._session
        url = request.url + ("?" + urlencode(request.query) if request.query else "")
        try:
            response = session.request(
                request.method,
                url,
                headers=dict(request.headers),
                data=request.body,
                auth=_Bearer(request.token),
                timeout=self._timeout_s,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _mapped(error) from error
        return Answer(response.status_code, response.headers, response.content)

    def close(self) -> None:
        """Gives all connections back."""
        self._session.close()
        self._direct.close()


class _Bearer(requests.auth.AuthBase):
    """Puts the token in; without one, keeps `.netrc` from putting a password in."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            prepared.headers["Authorization"] = f"Bearer {self._token}"
        return prepared


# Errors that requests raises before the first byte is sent. All others may come after it.
_BEFORE_SENDING: Final = (
    requests.exceptions.ConnectTimeout,
    requests.exceptions.SSLError,
    requests.exceptions.ProxyError,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
    requests.exceptions.UnrewindableBodyError,
)


def _mapped(error: requests.RequestException) -> NotSentError | NoAnswerError:
    """Our error for one of requests: what counts is whether the server may have seen the request."""
    if isinstance(error, _BEFORE_SENDING) or isinstance(
        _root(error), (NewConnectionError, ConnectTimeoutError)
    ):
        return NotSentError(f"no connection: {_reason(error)}")
    return NoAnswerError(f"no answer: {_reason(error)}")


def _root(error: BaseException) -> object:
    first = error.args[0] if error.args else None
    return getattr(first, "reason", first)


def _reason(error: requests.RequestException) -> str:
    """What happened, without the URL: a query or a signed link may carry secrets."""
    root = _root(error)
    return type(root if isinstance(root, BaseException) else error).__name__


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
