"""The lock of a checkout and target: who works there, until when, and when another may take over.

It stands in the journal, so that a runner that has lost it is refused in the same transaction in which it
would write down its next purchase: it may have been stopped for an hour, and does not know that it lost it.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runner.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.reconcile.journal.database import JournalFile, Row

CHECKOUT_LOCK_TTL_S: Final = 30.0
# Of /proc/<pid>/stat, counted behind the command's name: state, and start time in ticks since boot.
_STATE, _START = 0, 19
_GONE: Final = frozenset("ZXx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process that works in a checkout.

    Args:
        machine: Which boot and which space of process ids its pid belongs to; empty where nobody can tell.

        started: When the process was started, in the words of its machine; empty where nobody can tell.

        verb: What the user called it with.
    """

    host: str
    machine: str
    pid: int
    started: str
    verb: str

    @classmethod
    def this_process(cls, verb: str) -> Owner:
        """The process that asks."""
        pid = os.getpid()
        return cls(host=socket.gethostname(), machine=_machine(), pid=pid, started=_state(pid)[1], verb=verb)

    def __str__(self) -> str:
        return f"`{self.verb}`, process {self.pid} on {self.host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The lock as it stands in the journal."""

    token: str
    owner: Owner
    since: datetime
    until: datetime


def may_take(held: Held | None, asking: Owner, now: datetime, *, is_alive: Callable[[Owner], bool]) -> bool:
    """Whether the lock is free, its lease is over, or its owner is known to be dead.

    Args:
        is_alive: Asked only about processes of the machine that asks.
    """
    if held is None or held.until <= now:
        return True
    is_here = (held.owner.host, held.owner.machine) == (asking.host, asking.machine)
    return is_here and not is_alive(held.owner)


def is_alive(owner: Owner) -> bool:
    """Whether a process of this machine still runs, and is still the same one."""
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it belongs to somebody else, thus it is there
    state, started = _state(owner.pid)
    return state not in _GONE and (not started or not owner.started or started == owner.started)


def _state(pid: int) -> tuple[str, str]:
    """State and start time of a process; empty texts where there is no /proc."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return words[_STATE], words[_START]
    except (OSError, IndexError, UnicodeDecodeError):
        return "", ""


def _machine() -> str:
    """Containers may share a host's name, and yet not see each other's processes."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return f"{boot} {Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


class Lock:
    """The lock in a journal, as one process sees it.

    Args:
        clock: The time now, with a time zone.

        ttl_s: After how long without a renewal another may take over (in s).
    """

    def __init__(
        self,
        file: JournalFile,
        owner: Owner,
        clock: Callable[[], datetime],
        *,
        ttl_s: float = CHECKOUT_LOCK_TTL_S,
    ) -> None:
        self._file, self.owner, self._clock = file, owner, clock
        self._ttl_s = ttl_s
        self._token = secrets.token_hex(8)
        self._over = threading.Event()
        self._renewer = threading.Thread(target=self._keep_renewing, name="renew-lock", daemon=True)

    def take(self) -> None:
        """Takes the lock and keeps it until it is released.

        Raises:
            JournalError: Somebody else has it; says who, and since when.
        """
        with self._file.transaction():
            held, now = self._held(), self._clock()
            if held and not may_take(held, self.owner, now, is_alive=is_alive):
                raise JournalError(
                    f"another runner works in this checkout: {held.owner}, since {_local(held.since)}",
                    hint=_what_to_do(held),
                )
            self._file.change("DELETE FROM lock", ())
            self._file.insert("lock", self._row(now))
        self._renewer.start()

    def _row(self, now: datetime) -> dict[str, object]:
        owner, until = self.owner, now + timedelta(seconds=self._ttl_s)
        return {
            "only_row": 1,
            "token": self._token,
            "host": owner.host,
            "machine": owner.machine,
            "pid": owner.pid,
            "started": owner.started,
            "verb": owner.verb,
            "since": now.isoformat(),
            "until": until.isoformat(),
        }

    def renew(self) -> bool:
        """Whether the lock was still ours; its lease then begins anew."""
        until = self._clock() + timedelta(seconds=self._ttl_s)
        statement = "UPDATE lock SET until = ? WHERE token = ?"
        return bool(self._file.change(statement, (until.isoformat(), self._token)))

    def must_be_ours(self) -> None:
        """Renews the lock; called within the transaction that it is to guard.

        Raises:
            JournalError: Somebody else has taken it over.
        """
        if self.renew():
            return
        held = self._held()
        by = f"it was taken over by {held.owner}, at {_local(held.since)}" if held else "it was taken over"
        raise JournalError(
            f"this runner has lost the lock of this checkout, and buys nothing more: {by}",
            hint="it was stopped for longer than its lease; nothing is lost: run the same command again",
        )

    def release(self) -> None:
        """Gives the lock back, unless somebody has taken it over."""
        self._over.set()
        self._renewer.join()
        self._file.change("DELETE FROM lock WHERE token = ?", (self._token,))

    def _held(self) -> Held | None:
        statement = "SELECT token, host, machine, pid, started, verb, since, until FROM lock"
        return next(iter(self._file.read_as(_held, statement)), None)

    def _keep_renewing(self) -> None:
        while not self._over.wait(self._ttl_s / 3):
            try:
                if not self.renew():
                    return  # whoever buys next is told
            except JournalError:
                continue  # a disk in trouble; the lease may yet be saved


def _held(row: Row) -> Held:
    token, host, machine, pid, started, verb, since, until = row
    return Held(
        token=token,
        owner=Owner(host=host, machine=machine, pid=int(pid), started=started, verb=verb),
        since=datetime.fromisoformat(since),
        until=datetime.fromisoformat(until),
    )


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def _what_to_do(held: Held) -> str:
    return (
        f"wait for it to end; if {held.owner.host} is gone, its lock may be taken over after "
        f"{_local(held.until)}"
    )
