"""Figures of a watch or a sync: as Prometheus reads them, and the server of /metrics and /healthz."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final, Self

from runner.errors import UsageError
from runner.project.sync.loop import Figures
from runner.reconcile import Health, Sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from runner.project.sync.loop import Followed

    Samples = Iterable[tuple[Sequence[str], float]]

_LAST_PORT: Final = 65_535


def exposition(figures: Figures, now: datetime) -> str:
    """The figures in Prometheus' text format; every combination of sync and health is there, also with 0."""
    lines = (*_of_watch(figures, now), *(_of_repository(figures.followed) if figures.followed else ()))
    return "".join(f"{line}\n" for line in lines)


def _of_watch(figures: Figures, now: datetime) -> Iterator[str]:
    found = Counter((plan.sync, plan.health) for plan in figures.plans.values())
    experiments = (((sync, health), found[sync, health]) for sync in Sync for health in Health)
    text = "Experiments by sync and health."
    yield from _family("runner_experiments", text, ("sync", "health"), experiments)
    yield from _single("runner_broken_files", "Experiment files not in order.", figures.broken_files)
    yield from _single("runner_turns_total", "Turns since the start.", figures.turns)
    yield from _single("runner_failed_turns_total", "Turns that ended with an error.", figures.failed_turns)
    yield from _single("runner_passes_total", "Passes of the reconciler, in all turns.", figures.passes)
    text, labels = "Requests to the cloud but logins, by class of the status.", ("method", "outcome")
    yield from _family("runner_requests_total", text, labels, sorted(figures.requests.items()))
    yield from _single("runner_unknown_submissions", "Submissions without a known outcome.", figures.unknown)
    if figures.runs_bought is not None:  # a counter that begins at 0 would look like a purchase
        text = "Runs whose purchase was confirmed, since the journal began."
        yield from _single("runner_runs_bought_total", text, figures.runs_bought)
    success_s = figures.succeeded_at.timestamp() if figures.succeeded_at else 0
    text = "When a turn last went well, in seconds since 1970; 0 for never."
    yield from _single("runner_last_success_timestamp_seconds", text, success_s)
    age_s = _age_s(figures, now)
    text = "Seconds since a turn last went well; +Inf for never."
    yield from _single("runner_last_success_age_seconds", text, float("inf") if age_s is None else age_s)


def _of_repository(followed: Followed) -> Iterator[str]:
    text, names = "1, with the commit in force and the branch.", (followed.commit, followed.branch)
    yield from _family("runner_commit_info", text, ("commit", "branch"), [(names, 1)])
    text = "1 if the newest commit did not come into force."
    yield from _single("runner_refused_commit", text, int(followed.is_refused))
    text = "1 if the last look at the repository went well."
    yield from _single("runner_repository_in_reach", text, int(followed.is_in_reach))
    text = "1 if all that tells others of it went well."
    yield from _single("runner_reports_in_order", text, int(followed.reports_in_order))


def _single(name: str, text: str, value: float) -> Iterator[str]:
    yield from _family(name, text, (), [((), value)])


def _family(name: str, text: str, labels: tuple[str, ...], samples: Samples) -> Iterator[str]:
    """The lines of a metric; one whose name ends in `_total` is a counter."""
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}"
    for values, value in samples:
        said = ",".join(f'{label}="{_escaped(each)}"' for label, each in zip(labels, values, strict=True))
        number = "+Inf" if value == float("inf") else value
        yield f"{name}{{{said}}} {number}" if said else f"{name} {number}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


@dataclass(frozen=True, slots=True)
class Liveness:
    """Whether a process does its turns.

    Args:
        last_success_age_s: Since a turn last went well (in s); None for never.

        commit: In force; empty where none is.
    """

    is_alive: bool
    last_success_age_s: float | None
    commit: str


def liveness(figures: Figures, now: datetime) -> Liveness:
    """Whether it does its turns, well or not: a cloud that is away is no reason to restart."""
    until, followed = figures.alive_until, figures.followed
    return Liveness(
        is_alive=until is None or now <= until,
        last_success_age_s=_age_s(figures, now),
        commit=followed.commit if followed else "",
    )


def _age_s(figures: Figures, now: datetime) -> float | None:
    if figures.succeeded_at is None:
        return None
    return max(0.0, (now - figures.succeeded_at).total_seconds())  # clocks are put back, too


# How long a client may take over a request (in s).
_PATIENCE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """An answer."""

    status: HTTPStatus
    kind: str
    text: str


def page(path: str, figures: Figures, now: datetime) -> MetricsPage:
    """What is answered at a path."""
    match path.partition("?")[0]:
        case "/metrics":
            kind = "text/plain; version=0.0.4; charset=utf-8"
            return MetricsPage(HTTPStatus.OK, kind, exposition(figures, now))
        case "/healthz":
            return _health(figures, now)
        case _:
            return MetricsPage(
                HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", "see /metrics and /healthz\n"
            )


def _health(figures: Figures, now: datetime) -> MetricsPage:
    found = liveness(figures, now)
    said = {
        "status": "ok" if found.is_alive else "stuck",
        "last_success_age_s": found.last_success_age_s,
        "commit": found.commit or None,
    }
    status = HTTPStatus.OK if found.is_alive else HTTPStatus.SERVICE_UNAVAILABLE
    return MetricsPage(status, "application/json", json.dumps(said) + "\n")


def address(text: str) -> tuple[str, int]:
    """Host and port; without a host it is this machine alone.

    Raises:
        UsageError: There is no port.
    """
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > _LAST_PORT:
        raise UsageError(f"{text}: no address", hint="say HOST:PORT, for example 127.0.0.1:9400")
    return host.strip("[]") or "127.0.0.1", int(port)


class FiguresServer:
    """Serves the newest figures while its context is open; a slow client delays no other.

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

    def _answer(self, path: str) -> MetricsPage:
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
