"""Whether what was measured with some constants of a device is of the experiment that a file asks for. Pure.

A machine has the constants that it has: they decide nothing there. Emulated, they are part of what is
measured. Where the file itself says the ones that differ, it asks for another experiment; where it does not,
something else has changed them, and a person decides.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from runner.domain import OnDeviceChange, constants_differences
from runner.domain.identity import OTHER_CONSTANTS, UNPROVED, device_constants

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from runner.domain import DesiredExperiment, DesiredJob, DeviceSource

    Values = Mapping[str, Mapping[str, object]]
    Differences = tuple[tuple[str, object, object], ...]

_ALL: Final = "*"
_LEVEL: Final = "rydberg_level"
_DERIVED: Final = "interaction_coeff_xy"
_SHOWN: Final = 4


class Kin(StrEnum):
    """How a measurement stands to what the file asks for, by its device's constants and its observables."""

    SAME = "same"
    OTHER = "other"
    CHANGED = "changed"
    UNPROVED = "unproved"

    @property
    def is_open(self) -> bool:
        """Whether a person must decide."""
        return self in {Kin.CHANGED, Kin.UNPROVED}


def kin(
    desired: DesiredExperiment,
    job: DesiredJob | None,
    have: str,
    values: Values,
    observables: Collection[str] | None = None,
) -> Kin:
    """How something with some constants, and with some observables, stands to an experiment.

    Args:
        job: One with a sequence of its own; None stands for the sequence that jobs share.

        have: Digest of the constants; empty where nothing is known that would tell them apart.

        values: The constants behind digests, as far as they are known.

        observables: Ids of those that were evaluated; None where that is not the question.
    """
    if desired.takes_constants(have, job):
        is_evaluated = observables is None or desired.takes_evaluations(observables)
        return Kin.SAME if is_evaluated else Kin.OTHER
    if have == UNPROVED:
        return Kin.UNPROVED
    if have == OTHER_CONSTANTS or desired.policy.on_device_change is OnDeviceChange.MEASURE:
        return Kin.OTHER
    said = _said_by_file(desired, job)
    if _ALL in said:
        return Kin.OTHER
    changed = changes(desired, job, have, values)
    paths = {path for path, _, _ in changed}
    is_said = bool(paths) and all(_is_said(path, said) or _follows(path, paths, said) for path in paths)
    return Kin.OTHER if is_said else Kin.CHANGED


def changes(desired: DesiredExperiment, job: DesiredJob | None, have: str, values: Values) -> Differences:
    """The constants that differ, with what was measured and what the file asks for; none where unknown."""
    if have not in values:
        return ()
    sequence = desired.sequence if job is None else desired.sequence_of(job)
    return constants_differences(values[have], device_constants(sequence, desired.device_type))


def changes_said(some: Iterable[Differences]) -> str:
    """Constants that differ, in words."""
    known = list(
        dict.fromkeys(f"{at} {_shown(was)} → {_shown(now)}" for each in some for at, was, now in each)
    )
    more = [f"and {len(known) - _SHOWN} more"] if len(known) > _SHOWN else []
    return ", ".join(known[:_SHOWN] + more)


def _shown(value: object) -> str:
    return "as by default" if value is None else f"{value}"


def device_source(desired: DesiredExperiment, job: DesiredJob | None) -> DeviceSource:
    """Where the constants come from that the file does not say; see `kin`."""
    return _sequence_owner(desired, job).device_source


def _said_by_file(desired: DesiredExperiment, job: DesiredJob | None) -> tuple[str, ...]:
    return _sequence_owner(desired, job).said_constants


def _sequence_owner(desired: DesiredExperiment, job: DesiredJob | None) -> DesiredExperiment | DesiredJob:
    """The job where it has a sequence of its own, else the experiment."""
    return desired if job is None or job.sequence is None else job


def _is_said(path: str, said: Iterable[str]) -> bool:
    return any(path == each or path.startswith(f"{each}.") for each in said)


def _follows(path: str, changed: Iterable[str], said: Iterable[str]) -> bool:
    """Whether a constant is another one because the file says another level, from which Pulser derives it.

    Where the level is as it was, Pulser derives it otherwise than before.
    """
    return path == _DERIVED and _LEVEL in changed and _LEVEL in said
