"""Operations of a written-out sequence: what happens, step by step."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from runner.spec.models.base import Choice, Duration, ExpressionText, Quantity, Strict, by_kind
from runner.spec.models.dmm import DetuningMap, DmmDetuning, SlmMask
from runner.spec.models.eom import EomEnd, EomPulse, Setpoint
from runner.spec.models.pulses import CHANNEL, ArbitraryPhasePulse, Name, Pulse

Basis = Literal["ground-rydberg", "digital", "XY"]
_SomeNames = Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]
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
    ] = Field(description="How long (in ns).", examples=[200])
    at_rest: bool = Field(
        default=False,
        description="Whether it begins only when the output of the previous pulse has died down.",
        examples=[True],
    )


class Alignment(Strict):
    """Channels that wait for each other."""

    channels: _Channels = Field(description="Names of the channels.", examples=[["ising", "raman"]])
    at_rest: bool = Field(
        default=True,
        description="Whether they also wait until the output of the last pulse has died down.",
        examples=[False],
    )


def _atoms_schema(schema: dict[str, Any]) -> None:
    schema["oneOf"] = [{"required": ["qubits"]}, {"required": ["indices"]}]


class Target(Strict, json_schema_extra=_atoms_schema):
    """The atoms that a local channel acts on from here on: by their names, or by their numbers."""

    channel: str = CHANNEL
    qubits: _SomeNames | None = Field(default=None, description="Names of the atoms.", examples=[["q0"]])
    indices: (
        Annotated[
            Annotated[
                tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False, min_length=1), Tag("<list>")
            ]
            | Annotated[ExpressionText, Tag("<text>")],
            by_kind("a list of whole numbers, or an expression over the variables"),
        ]
        | None
    ) = Field(
        default=None,
        description="Numbers of the atoms in the register, from 0 on; an expression where a job decides.",
        examples=[[0], "atom", "atoms[[0, 1]]"],
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.qubits is None) == (self.indices is None):
            raise PydanticCustomError("target", "expected either qubits or indices")
        return self


def _some_atoms_schema(schema: dict[str, Any]) -> None:
    schema["not"] = {"required": ["qubits", "indices"]}


class PhaseShift(Strict, json_schema_extra=_some_atoms_schema):
    """A shift of the phase reference of atoms: a rotation around z, without any time."""

    phi: Quantity = Field(description="By how much (in rad).", examples=[3.14159, "pi / 2", "phi"])
    qubits: _SomeNames | None = Field(
        default=None,
        description="Names of the atoms; all of them if neither qubits nor indices are given.",
        examples=[["q0", "q1"]],
    )
    indices: Annotated[tuple[Index, ...], Field(strict=False, min_length=1)] | None = Field(
        default=None,
        description="Numbers of the atoms in the register, from 0 on, or expressions where a job decides.",
        examples=[[0, "atom"]],
    )
    basis: Basis = Field(default="digital", description="Basis of the shift.", examples=["digital"])

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.qubits is not None and self.indices is not None:
            raise PydanticCustomError("phase_shift", "expected qubits or indices, not both")
        return self


class Truncation(Strict):
    """An end that cuts off whatever would come later."""

    duration_ns: Duration = Field(description="What is left of the sequence (in ns).", examples=[1000])


class Operation(Choice):
    """One step of the sequence: one key that names it."""

    pulse: Pulse | None = Field(
        default=None,
        description="A pulse on a channel.",
        examples=[{"channel": "ising", "amplitude": 6.28, "detuning": 0, "duration_ns": 500}],
    )
    delay: Delay | None = Field(
        default=None,
        description="A time in which a channel does nothing.",
        examples=[{"channel": "ising", "duration_ns": 200}],
    )
    align: (
        Annotated[
            Annotated[_Channels, Tag("<list>")] | Annotated[Alignment, Tag("<mapping>")],
            by_kind("a list of channels, or a mapping with channels and at_rest"),
        ]
        | None
    ) = Field(
        default=None,
        description="Channels that wait for each other: a list, or a mapping with channels and at_rest.",
        examples=[["ising", "raman"], {"channels": ["ising", "raman"], "at_rest": False}],
    )
    target: Target | None = Field(
        default=None,
        description="The atoms that a local channel acts on from here on.",
        examples=[{"channel": "raman", "qubits": ["q0"]}],
    )
    phase_shift: PhaseShift | None = Field(
        default=None,
        description="A shift of the phase reference of atoms.",
        examples=[{"phi": 3.14159, "qubits": ["q0"]}],
    )
    pulse_arbitrary_phase: ArbitraryPhasePulse | None = Field(
        default=None,
        description="A pulse whose phase is a waveform.",
        examples=[
            {
                "channel": "ising",
                "amplitude": {"constant": {"duration_ns": 500, "value": 6.28}},
                "phase": {"ramp": {"duration_ns": 500, "from": 0, "to": 3.14}},
            }
        ],
    )
    enable_eom_mode: Setpoint | None = Field(
        default=None,
        description="From here on, the channel plays square pulses at one setpoint.",
        examples=[{"channel": "ising", "amp_on": 6.28, "detuning_on": 0}],
    )
    modify_eom_setpoint: Setpoint | None = Field(
        default=None,
        description="Another setpoint for a channel in EOM mode.",
        examples=[{"channel": "ising", "amp_on": 3.14, "detuning_on": 0}],
    )
    add_eom_pulse: EomPulse | None = Field(
        default=None,
        description="A square pulse at the setpoint.",
        examples=[{"channel": "ising", "duration_ns": 100}],
    )
    disable_eom_mode: EomEnd | None = Field(
        default=None, description="The end of EOM mode.", examples=[{"channel": "ising"}]
    )
    config_detuning_map: DetuningMap | None = Field(
        default=None,
        description="A DMM with the part of its detuning that each atom gets.",
        examples=[{"weights": {"q0": 1.0, "q1": 0.5}}],
    )
    config_slm_mask: SlmMask | None = Field(
        default=None,
        description="Atoms that are shielded from the first global pulse.",
        examples=[{"qubits": ["q1", "q2"]}],
    )
    add_dmm_detuning: DmmDetuning | None = Field(
        default=None,
        description="A detuning that a DMM gives to the atoms of its map.",
        examples=[{"waveform": {"constant": {"duration_ns": 500, "value": -10}}}],
    )
    truncate: Truncation | None = Field(
        default=None,
        description="An end that cuts off whatever would come later.",
        examples=[{"duration_ns": 1000}],
    )
    measure: Basis | None = Field(
        default=None,
        description="Basis of the measurement; the last operation. May be left out where one basis is used.",
        examples=["ground-rydberg"],
    )
