"""What can be changed while the cloud runs: which faults it makes, and what is paused."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.local.protocol import faults
from runner.local.protocol.faults import Tally
from runner.local.rules.device_types import limited

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.local.protocol.configuration import Configuration
    from runner.local.protocol.faults import Rule, Treatment


@dataclass(frozen=True, slots=True)
class Pauses:
    """Devices and batches of which nothing starts."""

    device_types: frozenset[str] = frozenset()
    batch_ids: frozenset[str] = frozenset()


class Control:
    """The rules in force with what was counted of them, and what is paused; safe to use from threads.

    Args:
        configuration: What holds at the beginning.

        key: A token that every call needs, of whatever project; None asks for none.
    """

    def __init__(self, configuration: Configuration, key: str | None = None) -> None:
        self.configuration = configuration
        self.key = key
        self.devices = limited(configuration.devices.max_qubits)
        self._lock = threading.Lock()
        self._paused = Pauses(frozenset(configuration.life_cycle.paused_devices))
        self.set_rules(configuration.faults)

    @property
    def paused(self) -> Pauses:
        """What is paused."""
        return self._paused

    def pause(self, paused: Pauses) -> None:
        """Pause this and nothing else."""
        self._paused = paused

    def set_rules(self, rules: Iterable[Rule]) -> None:
        """Put rules in place of those in force; counting begins anew."""
        with self._lock:
            self._rules = tuple(rules)
            self._tallies = (Tally(),) * len(self._rules)

    def rules(self) -> tuple[tuple[Rule, Tally], ...]:
        """The rules in force, with what was counted of them."""
        with self._lock:
            return tuple(zip(self._rules, self._tallies, strict=True))

    def treatment(self, method: str, path: str) -> Treatment:
        """How a request is treated; it is counted."""
        with self._lock:
            treatment, self._tallies = faults.treated(self._rules, self._tallies, method, path)
            return treatment

    def job_error(self) -> str | None:
        """Why the job that starts now ends in ERROR; it is counted."""
        with self._lock:
            message, self._tallies = faults.job_error(self._rules, self._tallies)
            return message
