"""Serves the dashboard until it is told to end."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Final

import uvicorn

from runner.dashboard.app import application
from runner.dashboard.pictures import Pictures
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.dashboard.lookout import Lookout
    from runner.dashboard.protection import Protection

_GRACE_S: Final = 1


@contextmanager
def serving(lookout: Lookout, protection: Protection, host: str, port: int) -> Iterator[str]:
    """The URL of a dashboard at an address, while the context is open.

    Args:
        port: 0 for any that is free.

    Raises:
        UsageError: The address cannot be had.
    """
    try:
        listener = socket.create_server((host, port), family=_family(host))
    except OSError as error:
        raise UsageError(f"{host}:{port} cannot be had: {error.strerror or error}") from error
    bound = listener.getsockname()[1]
    app = application(lookout, protection, Pictures(lookout.project))
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_GRACE_S, lifespan="off")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="dashboard", daemon=True)
    thread.start()
    shown = f"[{host}]" if ":" in host else host
    try:
        yield f"http://{shown}:{bound}/"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
