"""Operations of a written-out sequence: what happens, step by step."""

from typing import Annotated, Literal, Self

from pydantic import Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from runner.spec.models.base import (
    Choice,
    Duration,
    ExpressionText,
    Quantity,
    Some,
    Strict,
    by_kind,
    exactly_one,
    key,
    optional,
)
from runner.spec.models.dmm import DetuningMap, DmmDetuning, SlmMask
from runner.spec.models.pulses import CHANNEL, ArbitraryPhasePulse, EomEnd, EomPulse, Name, Pulse, Setpoint

Basis = Literal["ground-rydberg", "digital", "XY"]
_SomeNames = Some[Name]
_Channels = Annotated[tuple[Name, ...], Field(strict=False, min_length=2)]
Index = Annotated[
    Annotated[int, Field(ge=0), Tag("<number>")] | Annotated[ExpressionText, Tag("<text>")],
    by_kind("a whole number from 0 on, or an expression over the variables"),
]


class Delay(Strict):
    """A time in which a channel does nothing."""

    channel: str = CHANNEL
    duration_ns: Annotated[
        Annotated[int, Field(ge=0), Tag("<number>")] | Annotated[ExpressionText, Tag("<text>")],
        by_kind("a whole number of ns, or an expression over the variables"),
    ] = key("How long (in ns).", 200)
    at_rest: bool = key(
        "Whether it begins only when the output of the previous pulse has died down.", True, default=False
    )


class Alignment(Strict):
    """Channels that wait for each other."""

    channels: _Channels = key("Names of the channels.", ["ising", "raman"])
    at_rest: bool = key(
        "Whether they also wait until the output of the last pulse has died down.", False, default=True
    )


class Target(Strict, json_schema_extra=exactly_one("qubits", "indices")):
    """The atoms that a local channel acts on from here on: by their names, or by their numbers."""

    channel: str = CHANNEL
    qubits: _SomeNames | None = optional("Names of the atoms.", ["q0"])
    indices: (
        Annotated[
            Annotated[Some[Index], Tag("<list>")] | Annotated[ExpressionText, Tag("<text>")],
            by_kind("a list of whole numbers, or an expression over the variables"),
        ]
        | None
    ) = optional(
        "Numbers of the atoms in the register, from 0 on; an expression where a job decides.",
        [0],
        "atom",
        "atoms[[0, 1]]",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.qubits is None) == (self.indices is None):
            raise PydanticCustomError("target", "expected either qubits or indices")
        return self


class PhaseShift(Strict, json_schema_extra={"not": {"required": ["qubits", "indices"]}}):
    """A shift of the phase reference of atoms: a rotation around z, without any time."""

    phi: Quantity = key("By how much (in rad).", 3.14159, "pi / 2", "phi")
    qubits: _SomeNames | None = optional(
        "Names of the atoms; all of them if neither qubits nor indices are given.", ["q0", "q1"]
    )
    indices: Some[Index] | None = optional(
        "Numbers of the atoms in the register, from 0 on, or expressions where a job decides.", [0, "atom"]
    )
    basis: Basis = key("Basis of the shift.", "digital", default="digital")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.qubits is not None and self.indices is not None:
            raise PydanticCustomError("phase_shift", "expected qubits or indices, not both")
        return self


class Truncation(Strict):
    """An end that cuts off whatever would come later."""

    duration_ns: Duration = key("What is left of the sequence (in ns).", 1000)


_MOST_TIMES = 10_000


class Repeat(Strict):
    """Operations that happen several times, one time after the other."""

    times: int = key("How many times: a whole number, and no expression.", 8, ge=1, le=_MOST_TIMES)
    index: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=60)] | None = optional(
        "Name of what counts the times, from 0 on, for expressions in the operations, as in 2 * k or v[k].",
        "k",
    )
    operations: Annotated[Some["Operation"], Field(max_length=10_000)] = key(
        "What happens each time, step by step.", [{"delay": {"channel": "ising", "duration_ns": 100}}]
    )


class Operation(Choice):
    """One step of the sequence: one key that names it."""

    pulse: Pulse | None = optional(
        "A pulse on a channel.", {"channel": "ising", "amplitude": 6.28, "detuning": 0, "duration_ns": 500}
    )
    delay: Delay | None = optional(
        "A time in which a channel does nothing.", {"channel": "ising", "duration_ns": 200}
    )
    align: (
        Annotated[
            Annotated[_Channels, Tag("<list>")] | Annotated[Alignment, Tag("<mapping>")],
            by_kind("a list of channels, or a mapping with channels and at_rest"),
        ]
        | None
    ) = optional(
        "Channels that wait for each other: a list, or a mapping with channels and at_rest.",
        ["ising", "raman"],
        {"channels": ["ising", "raman"], "at_rest": False},
    )
    target: Target | None = optional(
        "The atoms that a local channel acts on from here on.", {"channel": "raman", "qubits": ["q0"]}
    )
    phase_shift: PhaseShift | None = optional(
        "A shift of the phase reference of atoms.", {"phi": 3.14159, "qubits": ["q0"]}
    )
    pulse_arbitrary_phase: ArbitraryPhasePulse | None = optional(
        "A pulse whose phase is a waveform.",
        {
            "channel": "ising",
            "amplitude": {"constant": {"duration_ns": 500, "value": 6.28}},
            "phase": {"ramp": {"duration_ns": 500, "from": 0, "to": 3.14}},
        },
    )
    enable_eom_mode: Setpoint | None = optional(
        "From here on, the channel plays square pulses at one setpoint.",
        {"channel": "ising", "amp_on": 6.28, "detuning_on": 0},
    )
    modify_eom_setpoint: Setpoint | None = optional(
        "Another setpoint for a channel in EOM mode.", {"channel": "ising", "amp_on": 3.14, "detuning_on": 0}
    )
    add_eom_pulse: EomPulse | None = optional(
        "A square pulse at the setpoint.", {"channel": "ising", "duration_ns": 100}
    )
    disable_eom_mode: EomEnd | None = optional("The end of EOM mode.", {"channel": "ising"})
    config_detuning_map: DetuningMap | None = optional(
        "A DMM with the part of its detuning that each atom gets.", {"weights": {"q0": 1.0, "q1": 0.5}}
    )
    config_slm_mask: SlmMask | None = optional(
        "Atoms that are shielded from the first global pulse.", {"qubits": ["q1", "q2"]}
    )
    add_dmm_detuning: DmmDetuning | None = optional(
        "A detuning that a DMM gives to the atoms of its map.",
        {"waveform": {"constant": {"duration_ns": 500, "value": -10}}},
    )
    truncate: Truncation | None = optional(
        "An end that cuts off whatever would come later.", {"duration_ns": 1000}
    )
    repeat: Repeat | None = optional(
        "Operations that happen several times, one time after the other.",
        {"times": 8, "index": "k", "operations": [{"delay": {"channel": "ising", "duration_ns": 100}}]},
    )
    measure: Basis | None = optional(
        "Basis of the measurement; the last operation. May be left out where one basis is used.",
        "ground-rydberg",
    )


Repeat.model_rebuild()
