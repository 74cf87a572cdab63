"""What a batch demands of its emulator beside its sequence: pure rules over its configurations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.local.rules.device_types import MAX_QUTRITS
from runner.local.rules.errors import InvalidRequestError, Problem
from runner.local.validation import backend_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.local.rules.device_types import DeviceType
    from runner.local.validation.backend_config import BackendConfig
    from runner.local.validation.sequence_facts import SequenceFacts, SequenceReader

Loc = tuple[str | int, ...]

_OPTIONS: Loc = ("body", "configuration")
_BACKEND: Loc = ("body", "backend_configuration")

# What the old emulator options may say, and mean nothing by it.
_PLAIN: Mapping[str, tuple[object, ...]] = {
    "strict_validation": (False, None),
    "with_noise": (False, None),
    "result_types": (None, [], ["counter"]),
    "extra_config": (None, {}),
}


class UnreadableConfigurationError(ValueError):
    """The text is no abstract representation of a configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What a batch demands.

    Args:
        is_strict: Sequences have to be such as a QPU would take.

        with_noise: The noise of the sequence's device is emulated.

        backend: The backend configuration, as JSON.
    """

    device: DeviceType
    is_strict: bool = False
    with_noise: bool = False
    backend: BackendConfig | None = None

    @property
    def n_trajectories(self) -> int:
        """How often the backend configuration has a job played, each time with other noise."""
        return 1 if self.backend is None else int(self.backend.get("n_trajectories") or 1)

    def runs(self, asked: int | None) -> int | None:
        """The runs of a job that asked for so many: without a number the backend configuration says it."""
        if asked is None and self.backend is not None:
            return backend_config.shots(self.backend)
        return asked


def demands(
    device: DeviceType,
    options: Mapping[str, object] | None,
    backend_configuration: str | None,
    sequences: SequenceReader,
) -> Demands:
    """What a batch on a device demands.

    Args:
        device: Where it is to run.

        options: The old emulator options.

        backend_configuration: Abstract representation of an `EmulationConfig`.

        sequences: Reads it.

    Raises:
        InvalidRequestError: With every demand that cannot be met.
    """
    options = options or {}
    backend = None if backend_configuration is None else _read(backend_configuration, device, sequences)
    found = Demands(
        device=device,
        is_strict=options.get("strict_validation") is True,
        with_noise=options.get("with_noise") is True,
        backend=backend,
    )
    problems = [*_option_problems(options, found), *_backend_problems(found)]
    if problems:
        raise InvalidRequestError(*problems)
    return found


def misfits(facts: SequenceFacts, asked: Demands, loc: Loc) -> Iterator[Problem]:
    """Why a sequence cannot run as it is demanded.

    Args:
        facts: The sequence.

        asked: The demands of its batch.

        loc: Where the sequence stands.
    """
    device = asked.device
    yield from _atom_problems(facts, device, loc)
    if device.is_qpu_like and facts.is_virtual:
        yield Problem(loc, f"{facts.device} is a virtual device; {device.name} takes real ones only.")
    elif asked.is_strict and facts.is_virtual:
        yield Problem(loc, f"{facts.device} is a virtual device; strict_validation asks for a real one.")
    if asked.with_noise and not facts.has_noise:
        yield Problem((*_OPTIONS, "with_noise"), f"The device {facts.device} has no noise model.")
    if asked.backend is not None and not facts.is_mappable:
        for message in backend_config.misfits(asked.backend, facts.n_qubits):
            yield Problem(_BACKEND, message)


def _atom_problems(facts: SequenceFacts, device: DeviceType, loc: Loc) -> Iterator[Problem]:
    """Why atoms cannot be emulated: too many of them, or in states that the emulator does not have."""
    emulator = device.emulated_as(facts.n_qubits)
    too_many = _size_problem(facts, device)
    if too_many:
        yield Problem(loc, too_many)
    for basis in sorted(facts.bases - emulator.bases) if not too_many or emulator is device else ():
        whose = "" if emulator is device else f" of more than {device.max_qubits} qubits"
        yield Problem(loc, f"{device.name} cannot emulate the {basis} basis{whose}.")
    if len(facts.bases) > 1 and not facts.is_measured:
        listed = ", ".join(sorted(facts.bases))
        yield Problem(loc, f"The sequence does not say what it measures, and addresses {listed}.")


def _size_problem(facts: SequenceFacts, device: DeviceType) -> str:
    """Why a device type does not take so many atoms; empty if it does."""
    n_qubits, most, lacking = facts.n_qubits, device.most_qubits, device.lacks
    if n_qubits > most:
        sentence = f"{device.name} takes at most {most} qubits here, not {n_qubits}"
        if device.limit is not None and n_qubits <= device.capability:
            return f"{sentence}: its configuration says so (devices.max_qubits)."
        if lacking is not None and n_qubits <= lacking.max_qubits:
            return f"{sentence}; {lacking.cure} brings an emulator for up to {lacking.max_qubits}."
        return f"{sentence}."
    if len(facts.bases) > 1 and MAX_QUTRITS < n_qubits <= device.max_qubits:
        return f"{device.name} takes at most {MAX_QUTRITS} atoms of three states here, not {n_qubits}."
    return ""


def _read(text: str, device: DeviceType, sequences: SequenceReader) -> BackendConfig:
    if not backend_config.takes_configuration(device.name):
        raise InvalidRequestError(Problem(_BACKEND, f"{device.name} takes no backend configuration."))
    try:
        return sequences.configuration(text)
    except UnreadableConfigurationError as error:
        raise InvalidRequestError(Problem(_BACKEND, str(error))) from error


def _option_problems(options: Mapping[str, object], asked: Demands) -> Iterator[Problem]:
    for key, value in options.items():
        is_obeyed = key in {"strict_validation", "with_noise"} and value is True
        if not is_obeyed and value not in _PLAIN.get(key, ()):
            yield Problem((*_OPTIONS, key), "This option is not available on the local cloud.")
    if asked.with_noise and asked.device.name != "EMU_FREE":
        yield Problem((*_OPTIONS, "with_noise"), "Only EMU_FREE has this option.")
    if asked.with_noise and asked.backend is not None:
        yield Problem((*_OPTIONS, "with_noise"), "The backend configuration says which noise there is.")


def _backend_problems(asked: Demands) -> Iterator[Problem]:
    if asked.backend is not None:
        for message in backend_config.problems(asked.backend, asked.device.name):
            yield Problem(_BACKEND, message)
        if asked.device.is_replaced and asked.backend.get("interaction_cutoff"):
            message = f"{asked.device.name} takes no interaction_cutoff here; {asked.device.cure} brings it."
            yield Problem(_BACKEND, message)
