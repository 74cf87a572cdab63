"""The sequence of an experiment file: written out, in a file of its own, or given by a function."""

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Discriminator, Field, JsonValue, Tag

from runner.spec.models.base import Real, Some, Strict, by_kind, key, optional
from runner.spec.models.devices import Device
from runner.spec.models.operations import Operation
from runner.spec.models.pulses import Name
from runner.spec.models.registers import Layout, Register
from runner.spec.models.steps import OPERATIONS, Step, unrolled

VariableType = Literal["int", "float"]
_FACTORY = r"^[^:\x00-\x1f\x7f]+\.py:[A-Za-z_][A-Za-z0-9_]*$"
_VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=60)]


class Vector(Strict):
    """A variable that holds several numbers."""

    type: VariableType = key("Type of each number.", "float")
    size: int = key("How many numbers it holds.", 3, ge=1, le=10_000)


Variable = Annotated[
    Annotated[VariableType, Tag("<text>")] | Annotated[Vector, Tag("<mapping>")],
    by_kind("int, float, or a mapping with type and size"),
    key(
        "Type of the variable: int, float, or a mapping with type and size.",
        "float",
        "int",
        {"type": "float", "size": 3},
    ),
]
_ChannelId = Annotated[
    str,
    key(
        "The device's id of the channel.",
        "rydberg_global",
        "rydberg_local",
        "raman_local",
        "mw_global",
        min_length=1,
        max_length=60,
    ),
]


Variables = dict[_VariableName, Variable]
_Operations = Annotated[Some[Operation], Field(max_length=10_000)]


class WrittenSequence(Strict):
    """A sequence that is written out."""

    device: Device = key(
        "Name of a device of Pulser; such a device with other constants; a device in a file of"
        " its own; or the live specification of a device type of the target.",
        "AnalogDevice",
        "DigitalAnalogDevice",
        "MockDevice",
        {"of": "MockDevice", "rydberg_level": 50},
        {"file": "devices/ours.json"},
        {"target": "FRESNEL"},
    )
    register_: Register = key(
        "Where the atoms are.", {"square": {"side": 3, "spacing_um": 6.0}}, alias="register"
    )
    layout: Layout | None = optional(
        "Traps that the atoms sit in: automatic, or where they are. Left out, a QPU gets them "
        "automatically, and an emulator none.",
        "automatic",
        {"triangular_lattice": {"n_traps": 61, "spacing_um": 5.0}},
    )
    channels: dict[Name, _ChannelId] = key(
        "Channels in use: a name of your own, and the device's id of the channel.",
        {"ising": "rydberg_global"},
    )
    magnetic_field_gauss: Annotated[tuple[Real, Real, Real], Field(strict=False)] | None = optional(
        "Magnetic field along x, y and z (in gauss), for channels in the XY basis; z comes out "
        "of the plane. [0, 0, 30] if left out.",
        [0, 0, 30],
    )
    variables: Variables = key(
        "Variables of the sequence, to which each job gives values: int, float, or {type, size}.",
        {"omega_max": "float", "t_sweep_ns": "int"},
        default_factory=dict,
        json_schema_extra={"additionalProperties": False},
    )
    operations: _Operations = key(
        "What happens, step by step.",
        [{"pulse": {"channel": "ising", "amplitude": 6.28, "detuning": 0, "duration_ns": 500}}],
    )

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The operations one after the other, with their places; those of repeats as often as they happen."""
        return tuple(unrolled(self.operations, OPERATIONS))


class FileSequence(Strict):
    """A sequence in a file of its own."""

    file: Annotated[str, Field(min_length=1, max_length=1000)] = key(
        "Abstract representation in JSON; its path, from the experiment file.", "sequences/rabi.json"
    )


class PythonSequence(Strict):
    """A sequence that a function in Python gives."""

    python: Annotated[str, Field(pattern=_FACTORY, max_length=1000)] = key(
        "Function that gives a Pulser sequence: path.py:function, the path from the experiment"
        " file. Its code is run, with all that you may do, where --allow-python or runner.toml allows it.",
        "factories/chain.py:adiabatic",
    )
    args: dict[_VariableName, JsonValue] = key(
        "Arguments of the function, by name.", {"n_qubits": 5, "spacing_um": 6.0}, default_factory=dict
    )

    @property
    def path(self) -> str:
        """The file, from where the experiment file stands."""
        return self.python.rpartition(":")[0]

    @property
    def function(self) -> str:
        """Name of the function in it."""
        return self.python.rpartition(":")[2]


AnySource = WrittenSequence | FileSequence | PythonSequence


def _which(value: object) -> str | None:
    if isinstance(value, FileSequence) or (isinstance(value, dict) and "file" in value):
        return "<file>"
    if isinstance(value, PythonSequence) or (isinstance(value, dict) and value.keys() & {"python", "args"}):
        return "<python>"
    return "<written>" if isinstance(value, dict | WrittenSequence) else None


Sequence = Annotated[
    Annotated[WrittenSequence, Tag("<written>")]
    | Annotated[FileSequence, Tag("<file>")]
    | Annotated[PythonSequence, Tag("<python>")],
    Discriminator(_which, custom_error_type="kind", custom_error_message="expected a mapping"),
]
