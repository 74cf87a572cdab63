"""What Pulser says of a job."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pulser
from pulser.pulse import Pulse

from runner.sequences.pulser_api.abstract_repr import with_values
from runner.sequences.pulser_api.job_values import MAX_DURATION_NS, beyond_integers, is_too_long
from runner.sequences.pulser_api.pulser_messages import message_of, recorded_warnings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulser.math import AbstractArray

    from runner.domain.json_values import JobValues, JsonObject
    from runner.sequences.pulser_api.device_limits import AnySequence


_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What came of building one job.

    Args:
        duration_ns: How long it takes (in ns); None if it can't be built.

        fault: Why it can't be built.

        warnings: What Pulser changed on the way.
    """

    duration_ns: int | None = None
    fault: str | None = None
    warnings: tuple[str, ...] = ()


def kind_of(warnings: Iterable[str]) -> str:
    """What some warnings say but for the numbers in it; of jobs that differ in numbers it is the same."""
    return "\n".join(sorted({_NUMBER.sub("#", warning) for warning in warnings}))


def build_result(sequence: AnySequence, representation: JsonObject, variables: JobValues) -> BuildResult:
    """Build one job, as the cloud will."""
    if is_too_long(representation, variables):
        return BuildResult(fault=f"the sequence takes longer than {MAX_DURATION_NS:,} ns")
    if (text := beyond_integers(representation, variables)) is not None:
        advice = "write 1.0 * before its variables"
        return BuildResult(fault=f"{text} leaves whole numbers of 64 bits, and would wrap around; {advice}")
    fault, duration_ns = None, None
    with recorded_warnings() as messages:
        try:
            built = with_values(sequence, variables)
            duration_ns = int(built.get_duration())  # NumPy's, where the last atoms wait to be targeted
            if duration_ns == 0:
                fault = "the sequence is empty"
            elif not _is_finite(built):
                fault = "a value of the sequence is not a finite number"
        except Exception as error:  # noqa: BLE001  (Pulser fails with many kinds, and all of them are problems)
            fault = message_of(error, sequence.device)
    return BuildResult(duration_ns, fault, tuple(messages))


def build_results(text: str, jobs: Iterable[JobValues]) -> Iterator[BuildResult]:
    """Build some jobs of a sequence, one by one.

    Args:
        text: Abstract representation of the sequence.
    """
    with recorded_warnings():
        sequence = pulser.Sequence.from_abstract_repr(text)
    representation = json.loads(text)
    for variables in jobs:
        yield build_result(sequence, representation, variables)


def _is_finite(sequence: AnySequence) -> bool:
    """Whether every number that is played is one.

    Not by `pulser.sampler`, which modulates every pulse to learn how it fades: half of the time of a job.
    """
    schedules = sequence._schedule.values()  # noqa: SLF001  (there is no other way to the pulses)
    pulses = [slot.type for schedule in schedules for slot in schedule if isinstance(slot.type, Pulse)]
    played = [each for pulse in pulses for each in (*_samples(pulse), pulse.phase)]
    return all(np.isfinite(each.as_array()).all() for each in played)


def _samples(pulse: Pulse) -> tuple[AbstractArray, AbstractArray]:
    return pulse.amplitude.samples, pulse.detuning.samples
