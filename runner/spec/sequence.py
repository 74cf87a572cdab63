"""The sequence of an experiment file: written out, or in a file of its own."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from runner.spec.models import Choice, Duration, Quantity, Strict, by_kind
from runner.spec.registers import Register
from runner.spec.waveforms import Shape, Waveform

_CHANNEL = Field(description="Name of the channel, as declared under channels.", examples=["ising"])
Basis = Literal["ground-rydberg", "digital", "XY"]
VariableType = Literal["int", "float"]
_Name = Annotated[str, Field(min_length=1, max_length=60)]
_VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=60)]


def _pulse_schema(schema: dict[str, Any]) -> None:
    """Either a waveform says how long the pulse takes, or duration_ns does."""
    waveform = [{"properties": {name: {"type": "object"}}} for name in ("amplitude", "detuning")]
    schema["oneOf"] = [{"anyOf": waveform}, {"required": ["duration_ns"]}]


class Pulse(Strict, json_schema_extra=_pulse_schema):
    """A pulse on a channel. A number as amplitude or detuning is held for the whole pulse."""

    channel: str = _CHANNEL
    amplitude: Waveform = Field(
        description="Rabi frequency Ω (in rad/µs): a number, an expression, or a waveform.",
        examples=["omega_max", {"ramp": {"duration_ns": 500, "from": 0, "to": "omega_max"}}],
    )
    detuning: Waveform = Field(
        description="Detuning δ (in rad/µs): a number, an expression, or a waveform.",
        examples=[-6.0, {"ramp": {"duration_ns": "t_sweep_ns", "from": -6, "to": 6}}],
    )
    duration_ns: Duration | None = Field(
        default=None,
        description="How long it takes (in ns); only where neither amplitude nor detuning is a waveform.",
        examples=[1000],
    )
    phase: Quantity = Field(default=0.0, description="Phase of the drive (in rad).", examples=[0.0])
    post_phase_shift: Quantity = Field(
        default=0.0, description="Phase shift right after the pulse (in rad).", examples=[0.0]
    )
    protocol: Literal["min-delay", "no-delay", "wait-for-all"] = Field(
        default="min-delay",
        description="What happens while other channels act on the same atoms.",
        examples=["min-delay"],
    )

    @model_validator(mode="after")
    def _one_duration(self) -> Self:
        has_waveform = isinstance(self.amplitude, Shape) or isinstance(self.detuning, Shape)
        if has_waveform and self.duration_ns is not None:
            raise PydanticCustomError(
                "pulse", "the waveform already says how long the pulse takes: remove duration_ns"
            )
        if not has_waveform and self.duration_ns is None:
            raise PydanticCustomError(
                "pulse", "the pulse needs duration_ns, for neither amplitude nor detuning is a waveform"
            )
        return self


class Delay(Strict):
    """A time in which a channel does nothing."""

    channel: str = _CHANNEL
    duration_ns: Duration = Field(description="How long (in ns).", examples=[200])


class Target(Strict):
    """The atoms that a local channel acts on from here on."""

    channel: str = _CHANNEL
    qubits: Annotated[tuple[_Name, ...], Field(strict=False, min_length=1)] = Field(
        description="Names of the atoms.", examples=[["q0"]]
    )


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
    align: Annotated[tuple[_Name, ...], Field(strict=False, min_length=2)] | None = Field(
        default=None, description="Channels that wait for each other.", examples=[["ising", "raman"]]
    )
    target: Target | None = Field(
        default=None,
        description="The atoms that a local channel acts on from here on.",
        examples=[{"channel": "raman", "qubits": ["q0"]}],
    )
    measure: Basis | None = Field(
        default=None,
        description="Basis of the measurement; the last operation. May be left out where one basis is used.",
        examples=["ground-rydberg"],
    )


class Vector(Strict):
    """A variable that holds several numbers."""

    type: VariableType = Field(description="Type of each number.", examples=["float"])
    size: int = Field(ge=1, le=10_000, description="How many numbers it holds.", examples=[3])


Variable = Annotated[
    Annotated[VariableType, Tag("<text>")] | Annotated[Vector, Tag("<mapping>")],
    by_kind("int, float, or a mapping with type and size"),
]


Variables = dict[_VariableName, Variable]
_Operations = Annotated[tuple[Operation, ...], Field(strict=False, min_length=1, max_length=10_000)]


class WrittenSequence(Strict):
    """A sequence that is written out."""

    device: _Name = Field(
        description="Name of a device of Pulser.",
        examples=["AnalogDevice", "DigitalAnalogDevice", "MockDevice"],
    )
    register_: Register = Field(
        alias="register",
        description="Where the atoms are.",
        examples=[{"square": {"side": 3, "spacing_um": 6.0}}],
    )
    channels: Annotated[dict[_Name, _Name], Field(min_length=1)] = Field(
        description="Channels in use: a name of your own, and the device's id of the channel.",
        examples=[{"ising": "rydberg_global"}],
    )
    variables: Variables = Field(
        default_factory=dict,
        description="Variables of the sequence, to which each job gives values: int, float, or {type, size}.",
        examples=[{"omega_max": "float", "t_sweep_ns": "int"}],
    )
    operations: _Operations = Field(
        description="What happens, step by step.",
        examples=[[{"pulse": {"channel": "ising", "amplitude": 6.28, "detuning": 0, "duration_ns": 500}}]],
    )


class FileSequence(Strict):
    """A sequence in a file of its own."""

    file: Annotated[str, Field(min_length=1, max_length=1000)] = Field(
        description="Abstract representation in JSON; its path, from the experiment file.",
        examples=["sequences/rabi.json"],
    )


def _which(value: object) -> str | None:
    if isinstance(value, FileSequence) or (isinstance(value, dict) and "file" in value):
        return "<file>"
    return "<written>" if isinstance(value, dict | WrittenSequence) else None


def _refuse_python(value: object) -> object:
    if isinstance(value, dict) and "python" in value:
        raise PydanticCustomError("python", "sequences from Python code are not supported yet")
    return value


Sequence = Annotated[
    Annotated[WrittenSequence, Tag("<written>")] | Annotated[FileSequence, Tag("<file>")],
    Discriminator(_which, custom_error_type="kind", custom_error_message="expected a mapping"),
    BeforeValidator(_refuse_python),
]
