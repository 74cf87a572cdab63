"""Finding the server of a store, or starting one. Light: a command that joins imports nothing heavy.

A server writes `server.json` into its store when it accepts connections. The file may be stale, so whoever
reads it asks the address whether that very store is served there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from runner.errors import LocalCloudError

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS_FILE = "server.json"
LOG_FILE = "server.log"
# What a server answers to the shell when another one has the store; the other one is then used.
STORE_TAKEN = 75

_HEALTH_TIMEOUT_S = 5.0
_LOOK_INTERVAL_S = 0.02
_LOG_TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that answers.

    Args:
        url: Base URL, both of PCS's core and of its account API.

        pid: Its process.

        token: What its calls need, if they do; only who can read its store has it.
    """

    url: str
    pid: int
    token: str | None = field(default=None, repr=False)


def running(store: Path) -> LocalServer | None:
    """The server that has this store, if one answers."""
    try:
        written = json.loads((store / ADDRESS_FILE).read_bytes())
        token = written.get("token")
        server = LocalServer(url=str(written["url"]), pid=int(written["pid"]), token=token and str(token))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    about = _asked(server)
    is_it = about.get("instance") == written["instance"] if "instance" in written else _has(about, store)
    return server if is_it else None


def ensure_running(
    store: Path, *, idle_exit_s: float = 30.0, timeout_s: float = 30.0, is_private: bool = False
) -> LocalServer:
    """The server that has this store; started in a process of its own if there is none.

    Args:
        store: Folder of the store; created if it is not there.

        idle_exit_s: How long a started server stays without requests and without work (in s).

        timeout_s: How long to wait for it to answer (in s).

        is_private: Whether a server that is started takes calls only with the token in its store.

    Raises:
        LocalCloudError: No server came up; the message has the end of its log.
    """
    found = running(store)
    if found is not None:
        return found
    _make_private(store)
    deadline = time.monotonic() + timeout_s
    words = ["--idle-exit-s", str(idle_exit_s), *(["--private"] if is_private else [])]
    process = _start(store, words)
    while time.monotonic() < deadline:
        found = running(store)
        if found is not None:
            return found
        code = process.poll()
        if code == STORE_TAKEN:
            # Somebody else's is just coming up, or just going down and will not answer any more.
            time.sleep(5 * _LOOK_INTERVAL_S)
            process = _start(store, words) if running(store) is None else process
        elif code is not None:
            raise _did_not_start(store, f"it ended with exit code {code}")
        time.sleep(_LOOK_INTERVAL_S)
    process.terminate()
    raise _did_not_start(store, f"it did not answer within {timeout_s:g} s")


def _make_private(store: Path) -> None:
    try:
        store.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        is_loose = store.is_symlink() and not store.exists()
        why = f"it is a link to {store.readlink()}, where nothing is" if is_loose else error
        raise LocalCloudError(f"The store {store} cannot be created: {why}.") from error


def _start(store: Path, words: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "runner.local", "--store", str(store), *words]
    with _log(store) as log:
        process = subprocess.Popen(  # noqa: S603  (our own module, no shell)
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    # It outlives us, or we outlive it; in that case somebody has to take note of its end.
    threading.Thread(target=process.wait, name="reap-server", daemon=True).start()
    return process


def _log(store: Path) -> BinaryIO:
    try:
        return (store / LOG_FILE).open("ab")
    except OSError as error:
        raise LocalCloudError(f"The log of the local cloud cannot be written: {error}.") from error


def _asked(server: LocalServer) -> dict[str, object]:
    """What a server says of itself; nothing if it does not answer."""
    address = urlsplit(server.url)
    if address.hostname is None:
        return {}
    connection = HTTPConnection(address.hostname, address.port, timeout=_HEALTH_TIMEOUT_S)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        about = json.loads(answer.read())
    except (OSError, HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return about if isinstance(about, dict) else {}


def _has(about: dict[str, object], store: Path) -> bool:
    """Whether a server of an older version, which has no name of its own, has a store."""
    return about.get("store") == str(store.resolve())


def _did_not_start(store: Path, why: str) -> LocalCloudError:
    log = store / LOG_FILE
    try:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])
    except OSError:
        tail = ""
    return LocalCloudError(
        f"The local cloud on {store} did not start: {why}." + (f"\n{tail}" if tail else ""),
        hint=f"Its log is {log}.",
    )
