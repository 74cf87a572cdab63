"""A process that is not trusted to end: its time is bounded, its words are cut, and nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_CHUNK_BYTES: Final = 65_536
_KEPT_BYTES: Final = 4000
_LAST_WORDS_S: Final = 2.0
_SECRET_WORDS: Final = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended.

    Args:
        code: Its exit code, negative for a signal; None if its time was up.

        output: The end of what it wrote to stdout and stderr.
    """

    code: int | None
    output: str


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment without our credentials, and without what looks like those of others.

    Sets of text are in the same order each time in Python that runs there.
    """
    kept = {name: value for name, value in environ.items() if not _is_secret(name.upper())}
    return kept | {"PYTHONHASHSEED": "0"}


def _is_secret(name: str) -> bool:
    return name.startswith("PASQAL_") or any(word in name for word in _SECRET_WORDS)


def supervised(
    command: Sequence[str], *, folder: Path, environ: Mapping[str, str], timeout_s: float
) -> Ended:
    """Runs a command to its end, in a process group of its own that is killed after it.

    Raises:
        OSError: It cannot be started.
    """
    process = subprocess.Popen(  # noqa: S603  (the caller says what is run)
        command,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
        start_new_session=True,
    )
    said = bytearray()
    ear = Thread(target=_listen, args=(process, said), daemon=True)
    try:
        ear.start()
        code = _code(process, timeout_s)
    finally:
        _end(process)
        # A process that left the group may hold the pipe; it is not waited for.
        ear.join(_LAST_WORDS_S)
    return Ended(code, bytes(said).decode("utf-8", errors="replace"))


def _code(process: subprocess.Popen[bytes], timeout_s: float) -> int | None:
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kills the process and all that it started in its group."""
    with suppress(ProcessLookupError, PermissionError):  # it has ended
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _listen(process: subprocess.Popen[bytes], said: bytearray) -> None:
    """Keeps the end of what is said; all of it is read, so that a full pipe stops no process."""
    if process.stdout is None:
        return
    with suppress(OSError, ValueError), process.stdout as words:
        while some := words.read(_CHUNK_BYTES):
            said += some
            del said[:-_KEPT_BYTES]
