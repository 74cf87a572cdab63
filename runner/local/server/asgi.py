"""The HTTP side of a server: sockets to requests, answers to sockets, `handle` in threads between them."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl

import uvicorn

from runner.local.protocol.messages import MAX_BODY_BYTES, Answer, Request
from runner.local.protocol.serializers import failure

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from runner.local.protocol.faults import Treatment

_HANDLERS = 16
# Longer than clients keep their connections: the one who closes an idle connection should not be us, since a
# request that meets the closing is one of unknown outcome.
_KEEP_ALIVE_S = 120

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(slots=True)
class Activity:
    """When somebody last asked for something."""

    _n_open: int = 0
    _last: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def one_request(self) -> Iterator[None]:
        """Somebody asks for something meanwhile."""
        with self._lock:
            self._n_open += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_open -= 1
                self._last = time.monotonic()

    def idle_s(self) -> float:
        """How long nobody asked for anything (in s)."""
        with self._lock:
            return 0.0 if self._n_open else time.monotonic() - self._last


class Front(uvicorn.Server):
    """An ASGI application and the server around it.

    Args:
        handle: Answers a request, treated as it is told; called in several threads at once.

        treat: Says how a request is treated; delays and lost connections happen here.

        on_ready: Called once connections are accepted.
    """

    def __init__(
        self,
        handle: Callable[[Request, Treatment], Answer],
        on_ready: Callable[[], None],
        *,
        treat: Callable[[Request], Treatment],
    ) -> None:
        self._handle = handle
        self._treat = treat
        self._on_ready = on_ready
        self._handlers = ThreadPoolExecutor(_HANDLERS, thread_name_prefix="handle")
        self.activity = Activity()
        super().__init__(
            uvicorn.Config(
                self._app,
                interface="asgi3",
                lifespan="off",
                proxy_headers=False,
                log_config=None,
                access_log=False,
                server_header=False,
                ws="none",
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=2,
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._handlers.shutdown(cancel_futures=True)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, and say so."""
        await super().startup(sockets=sockets)
        self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on a signal without raising it again: there is a store to be closed after this."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.end)
        yield
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

    def end(self) -> None:
        """Stop serving soon; from any thread."""
        self.should_exit = True

    async def _app(self, scope: Message, receive: Receive, send: Send) -> None:
        with self.activity.one_request():
            try:
                body = await _body(receive)
            except _GoneError:  # half a request is none
                return
            if body is None:
                answer = failure(413, f"A body may have {MAX_BODY_BYTES} bytes.")
            else:
                answer = await self._answer(_request(scope, body))
            if answer.is_dropped:
                self._hang_up(scope["client"])
                await _gone(receive)
            else:
                await _send(send, answer)

    async def _answer(self, request: Request) -> Answer:
        treatment = self._treat(request)
        if treatment.delay_before_s:  # also a sleep of 0 s is another turn of the loop
            await asyncio.sleep(treatment.delay_before_s)
        if _is_quick(request):
            answer = self._handle(request, treatment)
        else:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._handlers, self._handle, request, treatment)
        if treatment.delay_after_s:
            await asyncio.sleep(treatment.delay_after_s)
        return answer

    def _hang_up(self, client: object) -> None:
        """Close a client's connection at once; ASGI has no word for it, uvicorn's list of connections has."""
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None and getattr(connection, "client", None) == client:
                transport.abort()


def _is_quick(request: Request) -> bool:
    """Whether to answer takes less time than to hand the request to a thread and back: one row is read."""
    return request.method == "GET" and (
        request.path.startswith("/results/") or request.path.endswith(("/status", "/results_link"))
    )


class _GoneError(Exception):
    """The client left before its request was complete."""


async def _body(receive: Receive) -> bytes | None:
    """The body; None when it is larger than the server reads."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


async def _gone(receive: Receive) -> None:
    """Wait until the connection is closed: before that, an application that says nothing is a bug."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, answer: Answer) -> None:
    headers = [(name.encode(), value.encode()) for name, value in answer.headers]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _request(scope: Message, body: bytes) -> Request:
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
    )
