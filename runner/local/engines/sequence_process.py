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
from runner.local.validation.sequence_facts import SequenceFacts, UnreadableSequenceError, Variable
from runner.local.validation.sequences import PulserSequences, digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.local.rules.device_types import DeviceType
    from runner.local.validation.backend_config import BackendConfig
    from runner.local.validation.sequence_facts import Build

_REMEMBERED = 2**14
_AT_ONCE = 64  # builds in one question: about 50 ms


class SequenceProcess:
    """A `SequenceReader` that asks a process, one question at a time; answers are remembered here.

    Args:
        devices: The device types, with their limits.
    """

    def __init__(self, devices: Mapping[str, DeviceType]) -> None:
        self._worker = Worker(functools.partial(answered, devices=devices), is_urgent=True)
        self._lock = threading.Lock()
        self._remembered: OrderedDict[bytes, str] = OrderedDict()
        self._durations: dict[bytes, int] = {}

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

    def durations_ns(self, builds: Sequence[Build]) -> list[int | UnreadableSequenceError]:
        """How long each is, built with the values of its job (in ns); an error for what cannot be built."""
        return [
            found
            for start in range(0, len(builds), _AT_ONCE)
            for found in self._durations_ns(builds[start : start + _AT_ONCE])
        ]

    def _durations_ns(self, builds: Sequence[Build]) -> list[int | UnreadableSequenceError]:
        """The same of few enough that others do not wait for long; what is refused is not remembered."""
        asked = {digest(*each): each for each in builds}
        with self._lock:
            known: dict[bytes, int | str] = {
                key: self._durations[key] for key in asked if key in self._durations
            }
            new = [key for key in asked if key not in known]
            if new:
                told = json.loads(self._asked(json.dumps(["durations_ns", [asked[key] for key in new]])))
                known |= zip(new, told, strict=True)
            for key in new:
                found = known[key]
                if isinstance(found, int):
                    self._durations[key] = found
            while len(self._durations) > _REMEMBERED:
                del self._durations[next(iter(self._durations))]  # the oldest
        return [
            UnreadableSequenceError(found) if isinstance(found, str) else found
            for found in (known[digest(*each)] for each in builds)
        ]

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
    if isinstance(answer, list):
        answer = [str(each) if isinstance(each, UnreadableSequenceError) else each for each in answer]
    return json.dumps(answer)


@functools.lru_cache(maxsize=1)
def _sequences(devices: tuple[tuple[str, DeviceType], ...]) -> PulserSequences:
    return PulserSequences(dict(devices))
