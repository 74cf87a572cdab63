"""A bounded folder of evolutions that were computed before, one file each: JSON, then the amplitudes.

A file is named by the digest of everything that the evolution depends on, and its first line has the digest
of what follows: what was cut short, mixed up or damaged is never believed, only replaced. Several processes
may use one folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

try:
    import fcntl
except ImportError:  # Windows: two processes may compute the same evolution, and nothing is lost but time
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from pulser.backend.state import Eigenstate

MAX_BYTES = 256 * 2**20
# A folder is looked through when one process has added this part of what fits.
_PART_BETWEEN_LOOKS = 1 / 64
_BYTES_OF_A_FILE = 4096  # what a file takes beside, and at least
_LOCK = "lock"
# Who waits for another process gives up after this and computes by itself.
_PATIENCE_S = 600.0
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 0.005, 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evolution:
    """The states that a noiseless sequence goes through.

    Args:
        times: When, as parts of the whole duration.

        total_duration_ns: The whole duration (in ns).

        atom_order: Ids of the qubits, in the order of the amplitudes.

        eigenstates: Names of the states of one qubit, in the order of the amplitudes.

        errors: An estimate of how wrong each state is.

        states: One row of complex amplitudes a time.
    """

    times: tuple[float, ...]
    total_duration_ns: int
    atom_order: tuple[str, ...]
    eigenstates: tuple[Eigenstate, ...]
    errors: tuple[float, ...]
    states: NDArray[np.complex128]


class KeptEvolutions:
    """The evolutions in a folder.

    Args:
        folder: Made when the first evolution is kept.

        max_bytes: About how much is kept (in bytes); what was not used for the longest time goes first.

        patience_s: How long one process waits for what another one computes (in s).
    """

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES, patience_s: float = _PATIENCE_S) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._patience_s = patience_s
        self._bytes_until_look = 0

    def load(self, key: str) -> Evolution | None:
        """The evolution that was kept under a key; None if there is none, or none that can be believed."""
        try:
            found = _read((self._folder / key).read_bytes())
        except (OSError, ValueError, KeyError, TypeError):
            return None
        self._note_use(key)
        return found

    def save(self, key: str, evolution: Evolution) -> None:
        """Keep an evolution; one that can't be kept (the disk is full, say) is none the worse."""
        content = _written(evolution)
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(key, content)
            self._bound(len(content))

    @contextlib.contextmanager
    def alone(self, key: str) -> Iterator[None]:
        """Keep other processes from computing the same evolution meanwhile, or wait until they have.

        The lock goes with the process that holds it, however that ends. Who has waited for too long, or can't
        lock at all, goes on without: an evolution that is computed twice is only slower.
        """
        with contextlib.ExitStack() as held:
            if fcntl is not None:
                with contextlib.suppress(OSError):
                    self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    lock = held.enter_context((self._folder / _LOCK).open("ab"))
                    _wait_for(lock.fileno(), _byte(key), self._patience_s)
            yield

    def _write(self, name: str, content: bytes) -> None:
        aside = self._folder / f"{name}.{uuid.uuid4().hex}"
        try:
            aside.write_bytes(content)
            aside.replace(self._folder / name)
        finally:
            aside.unlink(missing_ok=True)

    def _note_use(self, key: str) -> None:
        with contextlib.suppress(OSError):
            os.utime(self._folder / key)

    def _bound(self, added: int) -> None:
        self._bytes_until_look -= added + _BYTES_OF_A_FILE
        if self._bytes_until_look > 0:
            return
        self._bytes_until_look = int(self._max_bytes * _PART_BETWEEN_LOOKS)
        sizes = {entry.name: entry.stat() for entry in os.scandir(self._folder) if entry.name != _LOCK}
        used = {name: stat.st_mtime_ns for name, stat in sizes.items()}
        for name in surplus({name: stat.st_size for name, stat in sizes.items()}, used, self._max_bytes):
            (self._folder / name).unlink(missing_ok=True)


def surplus(sizes: dict[str, int], used_at: dict[str, int], max_bytes: int) -> list[str]:
    """Which files have to go so that the others fit: those that were used longest ago.

    Args:
        sizes: Of each file (in bytes).

        used_at: When each file was used.

        max_bytes: What the others may take (in bytes).
    """
    gone, total = [], 0
    for name in sorted(sizes, key=lambda name: used_at[name], reverse=True):
        total += sizes[name] + _BYTES_OF_A_FILE
        if total > max_bytes:
            gone.append(name)
    return sorted(gone)


def _byte(key: str) -> int:
    """What stands for a key in the file of locks: a single byte, which may be beyond its end."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:7])


def _wait_for(file: int, byte: int, patience_s: float) -> None:
    """Lock one byte of a file, or give up; the kernel lets go of it when the file is closed."""
    until, wait_s = time.monotonic() + patience_s, _SHORTEST_WAIT_S
    while True:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except (BlockingIOError, PermissionError):  # what a held lock is called depends on the system
            if time.monotonic() >= until:
                return
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        else:
            return


def _written(evolution: Evolution) -> bytes:
    states = np.ascontiguousarray(evolution.states, dtype="<c16").tobytes()
    about = {
        "times": evolution.times,
        "total_duration_ns": evolution.total_duration_ns,
        "atom_order": evolution.atom_order,
        "eigenstates": evolution.eigenstates,
        "errors": evolution.errors,
    }
    return _sealed(about, states)


def _sealed(about: dict[str, object], states: bytes) -> bytes:
    """The line and the amplitudes; the digest is of both."""
    line = json.dumps(about).encode()
    digest = hashlib.sha256(line + b"\n" + states).hexdigest().encode()
    return b"\n".join((digest, line, states))


def _read(content: bytes) -> Evolution:
    """The evolution in a file; ValueError, KeyError or TypeError if it is none."""
    digest, _, sealed = content.partition(b"\n")
    if hashlib.sha256(sealed).hexdigest().encode() != digest:
        raise ValueError("The file is damaged.")
    line, _, states = sealed.partition(b"\n")
    about = json.loads(line)
    times = tuple(map(float, about["times"]))
    return Evolution(
        times=times,
        total_duration_ns=int(about["total_duration_ns"]),
        atom_order=tuple(map(str, about["atom_order"])),
        eigenstates=tuple(about["eigenstates"]),
        errors=tuple(map(float, about["errors"])),
        states=np.frombuffer(states, dtype="<c16").reshape(len(times), -1),
    )
