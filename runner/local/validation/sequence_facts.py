"""What a submission needs to know of a sequence, and who tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.local.validation.backend_config import BackendConfig

    # A sequence, and the values of its variables.
    Build: TypeAlias = tuple[str, Mapping[str, object]]


class UnreadableSequenceError(ValueError):
    """The text is no abstract representation, or does not become a sequence with these variables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable that a sequence declares; size is the number of its values."""

    is_integer: bool
    size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceFacts:
    """What the rules have to know of a sequence.

    Args:
        device: Name of the device that it was written for.

        is_virtual: Whether that device exists in emulators only.

        max_runs: Most runs that the device takes in one job; None for no limit.

        is_mappable: Whether its qubits are placed by the variable `qubits`.

        has_noise: Whether that device has a noise model.

        bases: What its channels address.

        is_measured: Whether it says what is measured.
    """

    device: str
    n_qubits: int
    is_virtual: bool = False
    max_runs: int | None = None
    is_mappable: bool = False
    has_noise: bool = False
    bases: frozenset[str] = frozenset({"ground-rydberg"})
    is_measured: bool = True
    variables: Mapping[str, Variable] = field(default_factory=dict)


class SequenceReader(Protocol):
    """What knows sequences: Pulser, or in a simulation something that needs no physics."""

    def facts(self, sequence: str) -> SequenceFacts:
        """The facts of an abstract representation; UnreadableSequenceError if it is none."""
        ...

    def durations_ns(self, builds: Sequence[Build]) -> list[int | UnreadableSequenceError]:
        """How long each is, built with the values of its job (in ns); an error for what cannot be built."""
        ...

    def configuration(self, text: str) -> BackendConfig:
        """A backend configuration as JSON; UnreadableConfigurationError if it is none."""
        ...

    def device_specs(self) -> Mapping[str, str]:
        """Specification of the device of each device type, abstract representation."""
        ...
