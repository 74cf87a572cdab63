"""What Pulser says of each job of a file, and where in the file that belongs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pulser.sampler import sample

from runner.sequences.durations import MAX_DURATION_NS, is_too_long
from runner.sequences.remarks import Remark, Remarks, message_of, recorded_warnings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.sequences.drafting import Draft, Said
    from runner.sequences.targets import AnySequence
    from runner.spec import JobRequest


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of building one job.

    Args:
        duration_ns: How long it takes (in ns); None if it can't be built.

        fault: Why it can't be built.

        warnings: What Pulser changed on the way.
    """

    duration_ns: int | None = None
    fault: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to say."""
        return self.fault is None and not self.warnings


def verdict(
    sequence: AnySequence, representation: Mapping[str, Any], variables: Mapping[str, Any]
) -> Verdict:
    """Build one job, as the cloud will.

    Args:
        sequence: With its variables.

        representation: The same, as JSON has it.

        variables: The job's values.
    """
    if is_too_long(representation, variables):
        return Verdict(fault=f"the sequence takes longer than {MAX_DURATION_NS:,} ns")
    fault, duration_ns = None, None
    with recorded_warnings() as messages:
        try:
            built = sequence.build(**variables) if _needs_values(sequence) else sequence
            duration_ns = built.get_duration()
            if duration_ns == 0:
                fault = "the sequence is empty"
            elif not _is_finite(built):
                fault = "a value of the sequence is not a finite number"
        except Exception as error:  # noqa: BLE001  (Pulser fails with many kinds, and all of them are problems)
            fault = message_of(error, sequence.device)
    return Verdict(duration_ns, fault, tuple(messages))


def _needs_values(sequence: AnySequence) -> bool:
    return sequence.is_parametrized() or sequence.is_register_mappable()


def _is_finite(sequence: AnySequence) -> bool:
    channels = sample(sequence).channel_samples.values()
    return all(
        np.isfinite(np.asarray(values)).all()
        for channel in channels
        for values in (channel.amp, channel.det, channel.phase)
    )


def durations_of_jobs(draft: Draft, text: str | None, said: Said) -> tuple[int | None, ...]:
    """How long every job takes (in ns), each point built once.

    Args:
        draft: The sequence.

        text: The same, as it is sent; None where an operation is missing, so that only numbers still tell.

        said: Where everything goes that is to be said of a job.
    """
    representation = None if text is None else json.loads(text)
    durations: list[int | None] = []
    for job in said.file.jobs:
        if durations and (job.repetition or 1) > 1:
            durations.append(durations[-1])  # the same as the one before
            continue
        built = (
            Verdict() if representation is None else verdict(draft.sequence, representation, job.variables)
        )
        durations.append(built.duration_ns)
        if representation is None or not built.is_clean:
            _explain(job, built, draft.replay(job.variables) if draft.replay else Remarks(), said)
    return tuple(durations)


def _explain(job: JobRequest, built: Verdict, remarks: Remarks, said: Said) -> None:
    """Say what is to be said of a job, at the operation that is at fault if that is known."""
    for fault in remarks.faults:
        said.faults.take(job, fault)
    for warning in remarks.warnings:
        said.warnings.take(job, warning)
    if built.fault and not remarks.faults:
        said.faults.take(job, Remark(None, built.fault, fixed=False))
    if not remarks.faults and not remarks.warnings:
        for message in built.warnings:
            said.warnings.take(job, Remark(None, message, fixed=False))
