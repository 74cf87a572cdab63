"""A bounded folder of evolutions that were computed before: NumPy arrays with JSON beside, no pickle.

An evolution is two files, named by the digest of everything that it depends on. The JSON is written last, and
has the digest of the array: what was cut short, mixed up or damaged is never believed, only replaced. Several
processes may use one folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MAX_BYTES = 256 * 2**20
# A folder is looked through when one process has added this part of what fits.
_PART_BETWEEN_LOOKS = 1 / 64
_BYTES_OF_A_FILE = 4096  # what a file takes beside, and at least


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evolution:
    """The states that a noiseless sequence goes through.

    Args:
        times: When, as parts of the whole duration.

        total_duration_ns: The whole duration (in ns).

        eigenstates: Names of the states of one qubit, in the order of the amplitudes.

        states: One row of complex amplitudes a time.
    """

    times: tuple[float, ...]
    total_duration_ns: int
    eigenstates: tuple[str, ...]
    states: NDArray[np.complex128]


class KeptEvolutions:
    """The evolutions in a folder.

    Args:
        folder: Made when the first evolution is kept.

        max_bytes: About how much is kept (in bytes); what was not used for the longest time goes first.
    """

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._bytes_until_look = 0

    def load(self, key: str) -> Evolution | None:
        """The evolution that was kept under a key; None if there is none, or none that can be believed."""
        try:
            about = json.loads((self._folder / f"{key}.json").read_bytes())
            array = (self._folder / f"{key}.npy").read_bytes()
            if hashlib.sha256(array).hexdigest() != about["sha256"]:
                return None
            found = _evolution(about, np.load(io.BytesIO(array), allow_pickle=False))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        self._note_use(key)
        return found

    def save(self, key: str, evolution: Evolution) -> None:
        """Keep an evolution; one that can't be kept (the disk is full, say) is none the worse."""
        stream = io.BytesIO()
        np.save(stream, evolution.states, allow_pickle=False)
        array = stream.getvalue()
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(f"{key}.npy", array)
            self._write(f"{key}.json", json.dumps(_about(evolution, array)).encode())
            self._bound(len(array))

    def _write(self, name: str, content: bytes) -> None:
        aside = self._folder / f"{name}.{uuid.uuid4().hex}"
        try:
            aside.write_bytes(content)
            aside.replace(self._folder / name)
        finally:
            aside.unlink(missing_ok=True)

    def _note_use(self, key: str) -> None:
        with contextlib.suppress(OSError):
            os.utime(self._folder / f"{key}.json")

    def _bound(self, added: int) -> None:
        self._bytes_until_look -= added + 2 * _BYTES_OF_A_FILE
        if self._bytes_until_look > 0:
            return
        self._bytes_until_look = int(self._max_bytes * _PART_BETWEEN_LOOKS)
        sizes = {entry.name: entry.stat() for entry in os.scandir(self._folder)}
        used = {name: stat.st_mtime_ns for name, stat in sizes.items()}
        for name in surplus({name: stat.st_size for name, stat in sizes.items()}, used, self._max_bytes):
            (self._folder / name).unlink(missing_ok=True)


def surplus(sizes: dict[str, int], used_at: dict[str, int], max_bytes: int) -> list[str]:
    """Which files have to go so that the others fit: those of the evolutions that were used longest ago.

    Args:
        sizes: Of each file (in bytes).

        used_at: When each file was touched; that of an evolution is when its JSON was.

        max_bytes: What the others may take (in bytes).
    """
    groups: dict[str, list[str]] = {}
    for name in sizes:
        groups.setdefault(name.partition(".")[0], []).append(name)
    newest_first = sorted(groups, key=lambda key: max(used_at[name] for name in groups[key]), reverse=True)
    gone, total = [], 0
    for key in newest_first:
        total += sum(sizes[name] + _BYTES_OF_A_FILE for name in groups[key])
        if total > max_bytes:
            gone += sorted(groups[key])
    return gone


def _about(evolution: Evolution, array: bytes) -> dict[str, Any]:
    return {
        "times": evolution.times,
        "total_duration_ns": evolution.total_duration_ns,
        "eigenstates": evolution.eigenstates,
        "sha256": hashlib.sha256(array).hexdigest(),
    }


def _evolution(about: dict[str, Any], states: NDArray[np.complex128]) -> Evolution:
    if states.ndim != 2 or states.dtype != np.complex128 or len(states) != len(about["times"]):  # noqa: PLR2004
        raise ValueError("These are not the states of an evolution.")
    return Evolution(
        times=tuple(map(float, about["times"])),
        total_duration_ns=int(about["total_duration_ns"]),
        eigenstates=tuple(map(str, about["eigenstates"])),
        states=states,
    )
