"""Sockets, threads and files around a `LocalCloud`: one process that serves one store.

Three threads matter: the event loop reads and writes sockets, a small pool runs `handle`, and the scheduler
runs `step` whenever something changed. Whatever ends the process, the store is ready to be opened again.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import secrets
import socket
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import filelock

from runner import __version__
from runner.errors import LocalCloudError
from runner.local.engines.factory import Execution, engine
from runner.local.engines.sequence_process import SequenceProcess
from runner.local.protocol.configuration import Configuration
from runner.local.protocol.messages import is_loopback
from runner.local.rules.device_types import limited
from runner.local.server.asgi import Front
from runner.local.server.launch import ADDRESS_FILE
from runner.local.server.local_cloud import LocalCloud
from runner.local.server.scheduler import IdleExit, Scheduler
from runner.local.server.webhook_sender import WebhookSender
from runner.local.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_BACKLOG = 512
_KEY_BYTES = 32


class StoreTakenError(LocalCloudError):
    """Another server has this store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How a server is run.

    Args:
        store: Folder of its database and of its address file.

        host: Name or address to listen on; other than loopback only with tokens.

        port: 0 for any free one.

        idle_exit_s: It ends by itself after so long without requests and work (in s); None for never.

        execution: How jobs are executed.

        configuration: All that a configuration file says.

        is_private: Whether it takes calls only from who can read its store: they find a token there.
    """

    store: Path
    host: str = "127.0.0.1"
    port: int = 0
    idle_exit_s: float | None = None
    execution: Execution = field(default_factory=Execution)
    configuration: Configuration = field(default_factory=Configuration)
    is_private: bool = False


def serve(settings: ServerSettings, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGTERM, SIGINT or long idleness; to be called in the main thread.

    Args:
        settings: What to serve, and where.

        on_ready: Called with the base URL once connections are accepted.

    Raises:
        StoreTakenError: Another server has this store.

        LocalCloudError: The address cannot be had, or is not loopback although nobody needs a token; the
            engine needs what is not there; or the store cannot be written.
    """
    require_guarded(settings)
    with _usable(settings.store):
        settings.store.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = secrets.token_urlsafe(_KEY_BYTES) if settings.is_private else None
    with _owned(settings.store), _listening(settings) as (listener, url):
        _serve_here(settings, listener, _Announcement(settings.store, url, on_ready, key=key))


def require_guarded(settings: ServerSettings) -> None:
    """Refuse to be reached by other machines when nobody needs a token.

    Raises:
        LocalCloudError: The host is not loopback, and there are no tokens.
    """
    if is_loopback(settings.host) or settings.configuration.tokens:
        return
    raise LocalCloudError(
        f"Without tokens the local cloud listens on loopback only, not on {settings.host}.",
        hint="Everybody who reaches it could use it. Give each project a token in the section [tokens] of a"
        " configuration file, and name the file with --config.",
    )


def _serve_here(settings: ServerSettings, listener: socket.socket, announcement: _Announcement) -> None:
    about = {
        "store": str(settings.store.resolve()),
        "pid": os.getpid(),
        "version": __version__,
        "instance": announcement.instance,
    }
    with (
        contextlib.closing(Store(settings.store / "cloud.db")) as store,
        contextlib.closing(engine(settings.execution, settings.store)) as executing,
        contextlib.closing(SequenceProcess(limited(settings.configuration.devices.max_qubits))) as sequences,
        contextlib.ExitStack() as stack,
    ):
        stack.callback(announcement.withdraw)
        cloud = LocalCloud(
            store,
            executing,
            sequences=sequences,
            about=about,
            configuration=settings.configuration,
            key=announcement.key,
        )
        with Front(cloud.handle, announcement.publish, treat=cloud.treatment) as front:
            idle_exit = IdleExit(settings.idle_exit_s, front.activity.idle_s, front.end)
            prepare = functools.partial(executing.start, cloud.changed.set)
            scheduler = Scheduler(cloud, idle_exit, prepare=prepare)
            threading.Thread(target=sequences.preload, name="preload", daemon=True).start()
            with scheduler, WebhookSender(store, settings.configuration.webhooks):
                asyncio.run(front.serve([listener]))


@contextlib.contextmanager
def _owned(store: Path) -> Iterator[None]:
    """Hold the store, so that no second server executes its jobs."""
    lock = filelock.FileLock(store / "server.lock", timeout=0)
    try:
        with _usable(store):
            lock.acquire()
    except filelock.Timeout as error:
        raise StoreTakenError(f"Another server has the store {store}.") from error
    except OSError as error:
        raise LocalCloudError(f"The lock {lock.lock_file} cannot be taken: {error}.") from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _usable(store: Path) -> Iterator[None]:
    """Say of whatever cannot be written there that it is the store's."""
    try:
        yield
    except filelock.Timeout:  # an error of the system by its kind
        raise
    except OSError as error:
        raise LocalCloudError(
            f"The store {store} cannot be used: {error}.",
            hint="It has to be a folder that this user can write to; --store names another one.",
        ) from error


@contextlib.contextmanager
def _listening(settings: ServerSettings) -> Iterator[tuple[socket.socket, str]]:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise LocalCloudError(f"There is no address {settings.host}:{settings.port}: {error}.") from error
    with contextlib.closing(listener):
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError as error:
            raise LocalCloudError(f"Cannot listen on {settings.host}:{settings.port}: {error}.") from error
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        yield listener, f"http://{host}:{listener.getsockname()[1]}"


@dataclass(frozen=True, slots=True)
class _Announcement:
    """The file that says where the server is; there only while it is true."""

    store: Path
    url: str
    on_ready: Callable[[str], None] | None
    key: str | None = field(default=None, repr=False)
    instance: str = field(default_factory=lambda: uuid.uuid4().hex)

    def publish(self) -> None:
        said = {
            "url": self.url,
            "pid": os.getpid(),
            "started_at": datetime.now(UTC).isoformat(),
            "instance": self.instance,
            "token": self.key,
        }
        aside = self.store / f"{ADDRESS_FILE}.{os.getpid()}"
        with _usable(self.store):
            aside.unlink(missing_ok=True)
            with open(aside, "x", opener=_private) as file:
                json.dump(said, file)
            aside.replace(self.store / ADDRESS_FILE)
        if self.on_ready is not None:
            self.on_ready(self.url)

    def withdraw(self) -> None:
        with contextlib.suppress(OSError):  # the file may be stale, and whoever reads it knows
            (self.store / ADDRESS_FILE).unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
