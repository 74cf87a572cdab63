"""What knows sequences, in a process of its own, forked from the one that has imported Pulser for workers.

So the server never imports Pulser: two imports at once take each other's time, and memory twice.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import threading
from collections import OrderedDict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from runner.local.engines.base import WorkerDiedError
from runner.local.engines.worker_process import Worker
from runner.local.validation.sequence_facts import SequenceFacts, Variable
from runner.local.validation.sequences import PulserSequences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.local.rules.device_types import DeviceType
    from runner.local.validation.backend_config import BackendConfig

_REMEMBERED = 2**14


class SequenceProcess:
    """A `SequenceReader` that asks a process, one question at a time; answers are remembered here.

    Args:
        devices: The device types, with their limits.
    """

    def __init__(self, devices: Mapping[str, DeviceType]) -> None:
        self._worker = Worker(functools.partial(answered, devices=devices), is_urgent=True)
        self._lock = threading.Lock()
        self._remembered: OrderedDict[bytes, str] = OrderedDict()

    def preload(self) -> None:
        """Start the process now; whoever asks meanwhile waits."""
        with self._lock:
            self._worker.prepare()

    def close(self) -> None:
        """End the process; one that is still being started ends with this one."""
        if not self._worker.is_awaited:
            self._worker.bury()

    def facts(self, sequence: str) -> SequenceFacts:
        """The facts of an abstract representation; UnreadableSequenceError if it is none."""
        said = self._answer("facts", sequence)
        variables = {name: Variable(**about) for name, about in said.pop("variables").items()}
        return SequenceFacts(**said | {"bases": frozenset(said["bases"])}, variables=variables)

    def build(self, sequence: str, variables: Mapping[str, object]) -> None:
        """Build it with the values of a job; UnreadableSequenceError if that fails."""
        self.duration_ns(sequence, variables)

    def duration_ns(self, sequence: str, variables: Mapping[str, object]) -> int:
        """How long it is with the values of a job (in ns); UnreadableSequenceError if it cannot be built."""
        return int(self._answer("duration_ns", sequence, variables))

    def configuration(self, text: str) -> BackendConfig:
        """A backend configuration as JSON; UnreadableConfigurationError if it is none."""
        found: BackendConfig = self._answer("configuration", text)
        return found

    def device_specs(self) -> Mapping[str, str]:
        """Specification of the device of each device type, abstract representation."""
        found: Mapping[str, str] = self._answer("device_specs")
        return found

    def _answer(self, verb: str, *given: object) -> Any:
        """What `answered` says, or said before."""
        question = json.dumps([verb, *given], sort_keys=True)
        key = hashlib.sha256(question.encode()).digest()
        with self._lock:
            if key not in self._remembered:
                self._remembered[key] = self._asked(question)
                if len(self._remembered) > _REMEMBERED:
                    self._remembered.popitem(last=False)
            return json.loads(self._remembered[key])

    def _asked(self, question: str) -> str:
        self._worker.prepare()
        with contextlib.suppress(WorkerDiedError):  # by somebody who had nothing against the question
            return self._worker.answer(question)
        self._worker.prepare()
        return self._worker.answer(question)


def answered(question: str, devices: Mapping[str, DeviceType]) -> str:
    """The answer to a question: a method of `PulserSequences` and what it is called with, as JSON."""
    verb, *given = json.loads(question)
    answer = getattr(_sequences(tuple(devices.items())), verb)(*given)
    if isinstance(answer, SequenceFacts):
        answer = asdict(answer) | {"bases": sorted(answer.bases)}
    return json.dumps(answer)


@functools.lru_cache(maxsize=1)
def _sequences(devices: tuple[tuple[str, DeviceType], ...]) -> PulserSequences:
    return PulserSequences(dict(devices))
