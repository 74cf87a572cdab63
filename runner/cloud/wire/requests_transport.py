"""The only module that touches the network, but for `webhook_post`, which speaks to others than the cloud."""

from __future__ import annotations

import threading
import time
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy
from urllib3 import HTTPConnectionPool, Retry, Timeout, connection_from_url
from urllib3.exceptions import ConnectTimeoutError, HTTPError, ProxyError, SSLError
from urllib3.util import create_urllib3_context

import runner
from runner.cloud.wire.transport import (
    CONNECTIONS,
    Answer,
    EndlessAnswerError,
    NoAnswerError,
    NotSentError,
    Request,
    UnsendableError,
    is_loopback,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from urllib3 import BaseHTTPResponse

CONNECT_TIMEOUT_S: Final = 10.0
READ_TIMEOUT_S: Final = 60.0
# Of a whole answer, unpacked.
MOST_BYTES: Final = 256 * 2**20
MOST_S: Final = 600.0
_PIECE: Final = 2**18


class RequestsPort:
    """Carries requests over HTTP(S); usable from several threads.

    Proxies and trusted certificates are those that `requests` finds in the environment, looked up once for
    each server; after that, requests go straight to urllib3's pool of connections, which halves their cost.
    There are no cookies and no `.netrc`, and certificates are always verified.

    Args:
        connections: Size of the connection pool; with all of them at work, requests wait for one.

        verify: True for the usual trust in TLS certificates, or the path of a CA bundle, which wins over the
            environment's.

        timeout_s: Most time to connect, and most time between two bytes of the answer (in s).

        most_bytes: Of an answer, unpacked.

        most_s: Until an answer has come whole (in s).
    """

    def __init__(
        self,
        *,
        connections: int = CONNECTIONS,
        verify: bool | str = True,
        timeout_s: tuple[float, float] = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
        most_bytes: int = MOST_BYTES,
        most_s: float = MOST_S,
    ) -> None:
        self._connections = connections
        self._verify = verify if isinstance(verify, str) else True
        self._timeout = Timeout(connect=timeout_s[0], read=timeout_s[1])
        self._most_bytes, self._most_s = most_bytes, most_s
        self._routes: dict[str, _Route] = {}
        self._lock = threading.Lock()

    def send(self, request: Request) -> Answer:
        """The answer to one request, sent exactly once; redirects are answers."""
        body = request.body if request.is_safe else _WatchedBody(request.body or b"")
        until_s = time.monotonic() + self._most_s
        try:
            route, target = self._way(request)
            response = route.pool.urlopen(
                request.method,
                target,
                body=body,
                headers=_headers(request),  # never in a variable: a traceback may be shown with its locals
                retries=_NEVER,
                redirect=False,
                assert_same_host=False,
                timeout=self._timeout,
                preload_content=False,
            )
            return Answer(response.status, response.headers, self._whole(response, until_s))
        except _TROUBLES as error:
            raise _mapped(error, body) from _without_frames(error)

    def _whole(self, response: BaseHTTPResponse, until_s: float) -> bytes:
        """The body of an answer, which ends within bounds; what does not is cut off with its connection."""
        found = bytearray()
        try:
            while piece := response.read(_PIECE, decode_content=True):
                found += piece
                self._check(len(found), until_s)
            response.release_conn()
        finally:
            response.close()
        return bytes(found)

    def _check(self, n_bytes: int, until_s: float) -> None:
        if n_bytes > self._most_bytes:
            raise EndlessAnswerError(f"it has more than {self._most_bytes:,} bytes")
        if time.monotonic() > until_s:
            raise EndlessAnswerError(f"it has not come whole in {self._most_s:g} s")

    def close(self) -> None:
        """Gives all connections back."""
        with self._lock:
            for route in self._routes.values():
                route.pool.close()
            self._routes.clear()

    def _way(self, request: Request) -> tuple[_Route, str]:
        """Where a request is sent, and what stands in its first line."""
        url = urlsplit(request.url + ("?" + urlencode(request.query) if request.query else ""))
        origin = f"{url.scheme}://{url.netloc.rpartition('@')[2]}"
        route = self._routes.get(origin)
        if route is None:
            with self._lock:  # one pool for each server, however many threads begin at once
                route = self._routes.get(origin) or self._route(origin)
                self._routes[origin] = route
        return route, route.prefix + (url.path or "/") + ("?" + url.query if url.query else "")

    def _route(self, origin: str) -> _Route:
        prepared = requests.Request("GET", origin).prepare()  # refuses what is no URL
        scheme = urlsplit(origin).scheme
        if scheme not in {"http", "https"}:
            raise UnsendableError(f"no connection: {scheme} is not spoken, only http and https")
        settings = requests.Session().merge_environment_settings(origin, {}, False, self._verify, None)
        proxy = None if is_loopback(origin) else select_proxy(origin, settings["proxies"])
        if proxy is None:
            trust = {"ssl_context": _trust(settings["verify"])} if scheme == "https" else {}
            return _Route(connection_from_url(origin, maxsize=self._connections, block=True, **trust))
        adapter = HTTPAdapter(pool_maxsize=self._connections, pool_block=True)
        pool: Any = adapter.get_connection_with_tls_context(prepared, settings["verify"], settings["proxies"])
        adapter.cert_verify(pool, origin, settings["verify"], None)  # type: ignore[no-untyped-call]
        forwards = scheme == "http" and not proxy.lower().startswith("socks")
        return _Route(pool, origin if forwards else "")


class _Route(NamedTuple):
    """How a server is reached; the prefix stands before the path of a request that a proxy forwards."""

    pool: HTTPConnectionPool
    prefix: str = ""


class _WatchedBody:
    """A body that knows whether it was asked for: from then on the server may have seen the request."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.was_asked_for = False

    def __iter__(self) -> Iterator[bytes]:
        self.was_asked_for = True
        yield self._content


_NEVER: Final = Retry(False)
# All that requests, urllib3 and http.client raise.
_TROUBLES: Final = (HTTPError, HTTPException, OSError, ValueError)
# Raised while a connection is made. TLS and proxies may also fail later, which matters for a POST alone.
_CONNECTING: Final = (requests.RequestException, ConnectTimeoutError, SSLError, ProxyError)
_DEFAULT_HEADERS: Final = {"User-Agent": f"pulser-runner/{runner.__version__}", "Accept-Encoding": "gzip"}


def _headers(request: Request) -> dict[str, str]:
    headers = {**_DEFAULT_HEADERS, **request.headers}
    if not request.is_safe:
        headers["Content-Length"] = str(len(request.body or b""))
    if request.token is not None:
        if not (request.token.isascii() and request.token.isprintable()):
            raise UnsendableError("not sent: the token has characters that no header can carry")
        headers["Authorization"] = f"Bearer {request.token}"
    return headers


def _trust(verify: object) -> ssl.SSLContext:
    """What all connections to a server share: loading the certificates takes as long as 40 requests."""
    bundle = verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH
    context = create_urllib3_context()
    is_folder = Path(bundle).is_dir()
    try:
        context.load_verify_locations(None if is_folder else bundle, bundle if is_folder else None)
    except OSError as error:
        raise UnsendableError(f"no connection: no certificates can be read from {bundle}") from error
    return context


def _mapped(error: Exception, body: _WatchedBody | bytes | None) -> NotSentError | NoAnswerError:
    """Our error for one of the libraries: what counts is whether the server may have seen the request.

    For a POST its body tells. The kind of error does not: TLS or a proxy can fail after it was sent.
    """
    seen = body.was_asked_for if isinstance(body, _WatchedBody) else not isinstance(error, _CONNECTING)
    inner = error.args[-1] if error.args else None
    # Only a type is named: the text of an error may have the URL, and a signed link is a secret.
    name = type(inner if isinstance(inner, Exception) else error).__name__
    return NoAnswerError(f"no answer: {name}") if seen else NotSentError(f"no connection: {name}")


def _without_frames(error: Exception) -> Exception:
    """The same error without what was on the stack: the libraries' frames hold the token."""
    error.__cause__ = error.__context__ = None  # it says in its own text what it wraps
    return error.with_traceback(None)
