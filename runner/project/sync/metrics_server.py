"""A server of what can be measured: /metrics for Prometheus, /healthz for whoever restarts what is stuck."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final, Self

from runner.errors import UsageError
from runner.project.sync.loop import Figures
from runner.project.sync.metrics import exposition, liveness

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

# How long a client may take over a request (in s).
_PATIENCE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Page:
    """An answer."""

    status: HTTPStatus
    kind: str
    text: str


def page(path: str, figures: Figures, now: datetime) -> Page:
    """What is answered at a path."""
    match path.partition("?")[0]:
        case "/metrics":
            kind = "text/plain; version=0.0.4; charset=utf-8"
            return Page(HTTPStatus.OK, kind, exposition(figures, now))
        case "/healthz":
            return _health(figures, now)
        case _:
            return Page(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", "see /metrics and /healthz\n")


def _health(figures: Figures, now: datetime) -> Page:
    found = liveness(figures, now)
    said = {
        "status": "ok" if found.is_alive else "stuck",
        "last_success_age_s": found.last_success_age_s,
        "commit": found.commit or None,
    }
    status = HTTPStatus.OK if found.is_alive else HTTPStatus.SERVICE_UNAVAILABLE
    return Page(status, "application/json", json.dumps(said) + "\n")


def address(text: str) -> tuple[str, int]:
    """Host and port; without a host it is this machine alone.

    Raises:
        UsageError: There is no port.
    """
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004  (the last port there is)
        raise UsageError(f"{text}: no address", hint="say HOST:PORT, for example 127.0.0.1:9400")
    return host.strip("[]") or "127.0.0.1", int(port)


class FiguresServer:
    """Serves the newest figures while its context is open; a slow client keeps nobody waiting.

    Raises:
        UsageError: The address cannot be had.
    """

    def __init__(
        self, host: str, port: int, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._figures, self._clock = Figures(), clock
        kind = _ServerOf6 if ":" in host else _Server
        try:
            self._server = kind((host, port), self._handler())
        except OSError as error:
            raise UsageError(f"{host}:{port}: cannot be listened on: {error.strerror}") from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="figures", daemon=True)

    def show(self, figures: Figures) -> None:
        """From now on these are the newest."""
        self._figures = figures

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self._server.server_address[:2]
        return f"http://[{host!s}]:{port}" if ":" in str(host) else f"http://{host!s}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, path: str) -> Page:
        return page(path, self._figures, self._clock())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            timeout = _PATIENCE_S
            server_version, sys_version = "pulser-runner", ""

            def do_HEAD(self) -> None:
                self._send(is_whole=False)

            def do_GET(self) -> None:
                self._send(is_whole=True)

            def _send(self, *, is_whole: bool) -> None:
                said = answer(self.path)
                body = said.text.encode()
                self.send_response(said.status)
                self.send_header("Content-Type", said.kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if is_whole:
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler


class _Server(ThreadingHTTPServer):
    def server_bind(self) -> None:
        """Binds, and does not ask for the name of the host, which may take long."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        """Says nothing: a client that went away is its own affair."""


class _ServerOf6(_Server):
    address_family = socket.AF_INET6
