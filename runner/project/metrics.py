"""Figures of a watch for Prometheus: its text format, and a server of it."""

from __future__ import annotations

import threading
from collections import Counter
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

from runner.errors import UsageError
from runner.project.turns import Figures
from runner.reconcile import Health, Sync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from types import TracebackType

_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(figures: Figures) -> str:
    """The figures in Prometheus' text format; every combination of sync and health is there, also with 0."""
    return "".join(f"{line}\n" for line in _lines(figures))


def _lines(figures: Figures) -> Iterator[str]:
    yield from _head("runner_experiments", "gauge", "Experiments by sync and health.")
    found = Counter((plan.sync, plan.health) for plan in figures.plans.values())
    for sync in Sync:
        for health in Health:
            yield f'runner_experiments{{sync="{sync}",health="{health}"}} {found[sync, health]}'
    yield from _single("runner_turns_total", "counter", "Turns since the watch began.", figures.turns)
    yield from _single(
        "runner_failed_turns_total", "counter", "Turns that ended with an error.", figures.failed_turns
    )
    yield from _single(
        "runner_broken_files", "gauge", "Experiment files that are not in order.", figures.broken_files
    )
    yield from _single(
        "runner_unknown_submissions", "gauge", "Submissions without a known outcome.", figures.unknown
    )
    yield from _single(
        "runner_runs_bought_total",
        "counter",
        "Runs whose purchase was confirmed, since the journal began.",
        figures.runs_bought,
    )
    yield from _single(
        "runner_last_success_timestamp_seconds",
        "gauge",
        "When a turn last went well, in seconds since 1970; 0 for never.",
        _seconds(figures.succeeded_at),
    )


def _single(name: str, kind: str, text: str, value: float) -> Iterator[str]:
    yield from _head(name, kind, text)
    yield f"{name} {value}"


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0


def address(text: str) -> tuple[str, int]:
    """Host and port; without a host it is this machine alone.

    Raises:
        UsageError: There is no port.
    """
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004  (the last port there is)
        raise UsageError(f"{text}: no address", hint="say HOST:PORT, for example 127.0.0.1:9400")
    return host.strip("[]") or "127.0.0.1", int(port)


class MetricsServer:
    """Serves the newest figures at /metrics while its context is open.

    Raises:
        UsageError: The address cannot be had.
    """

    def __init__(self, host: str, port: int) -> None:
        self._figures = Figures()
        try:
            self._server = ThreadingHTTPServer((host, port), self._handler())
        except OSError as error:
            raise UsageError(f"{host}:{port}: cannot be listened on: {error.strerror}") from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)

    def show(self, figures: Figures) -> None:
        """From now on these are the newest."""
        self._figures = figures

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/metrics"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        shown = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                is_known = self.path.partition("?")[0] == "/metrics"
                body = exposition(shown._figures).encode() if is_known else b"see /metrics\n"
                self.send_response(HTTPStatus.OK if is_known else HTTPStatus.NOT_FOUND)
                self.send_header("Content-Type", _TYPE)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler
