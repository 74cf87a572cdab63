"""Sequences as Pulser knows them: reading, building, and the devices they are written for.

Pulser's import takes over a second; it is paid by the first question, or by `preload` in a thread beside.
"""

from __future__ import annotations

import hashlib
import json
import threading
import warnings
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from runner.local.rules.device_types import DEVICE_TYPES, served
from runner.local.validation.emulator_options import UnreadableConfigurationError
from runner.local.validation.sequence_facts import UnreadableSequenceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

    from runner.local.rules.device_types import DeviceType
    from runner.local.validation.backend_config import BackendConfig
    from runner.local.validation.sequence_facts import Build, SequenceFacts

_KEPT_SEQUENCES = 64
_REMEMBERED_BUILDS = 2**14


class PulserSequences:
    """A `SequenceReader` that asks Pulser; one question at a time, because Pulser's objects are shared.

    Args:
        devices: The device types, with their limits.
    """

    def __init__(self, devices: Mapping[str, DeviceType] = DEVICE_TYPES) -> None:
        self._devices = devices
        self._lock = threading.Lock()
        self._read = lru_cache(maxsize=_KEPT_SEQUENCES)(lambda text: _pulser().sequence(text))
        self._built: dict[bytes, int] = {}

    def preload(self) -> None:
        """Import Pulser now; whoever asks meanwhile waits.

        Two threads that import its packages at once, from two ends, may each find half of a module.
        """
        with self._lock:
            _pulser()

    def facts(self, sequence: str) -> SequenceFacts:
        """The facts of an abstract representation; UnreadableSequenceError if it is none."""
        with self._asking() as pulser:
            found: SequenceFacts = pulser.facts(self._read(sequence))
            return found

    def durations_ns(self, builds: Sequence[Build]) -> list[int | UnreadableSequenceError]:
        """How long each is, built with the values of its job (in ns); an error for what cannot be built.

        What was built before is not built again: the jobs of a sweep that is repeated with more runs.
        """
        return [self._duration_ns(*each) for each in builds]

    def _duration_ns(self, sequence: str, variables: Mapping[str, object]) -> int | UnreadableSequenceError:
        key = digest(sequence, variables)
        try:
            with self._asking() as pulser:
                if key not in self._built:
                    self._built[key] = pulser.duration_ns(pulser.built(self._read(sequence), variables))
                    if len(self._built) > _REMEMBERED_BUILDS:
                        del self._built[next(iter(self._built))]  # the oldest
                return self._built[key]
        except UnreadableSequenceError as error:
            return error

    def configuration(self, text: str) -> BackendConfig:
        """A backend configuration as JSON; UnreadableConfigurationError if it is none."""
        with self._asking(UnreadableConfigurationError) as pulser:
            found: BackendConfig = pulser.configuration(text)
            return found

    def device_specs(self) -> Mapping[str, str]:
        """Specification of the device of each device type, abstract representation."""
        with self._asking() as pulser:
            found: Mapping[str, str] = pulser.device_specs(served(self._devices.values()))
            return found

    @contextmanager
    def _asking(self, kind: type[ValueError] = UnreadableSequenceError) -> Iterator[ModuleType]:
        """Pulser, with whatever it complains about turned into one kind of error."""
        with self._lock, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                yield _pulser()
            except Exception as error:
                raise kind(_first_line(error)) from error


def _pulser() -> ModuleType:
    from runner.local.validation import pulser_objects  # noqa: PLC0415  (slow, see above)

    return pulser_objects


def digest(sequence: str, variables: Mapping[str, object]) -> bytes:
    """What a build is known by."""
    values = json.dumps(variables, sort_keys=True)
    return hashlib.sha256(f"{len(values)} {values} {sequence}".encode()).digest()


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:500]
