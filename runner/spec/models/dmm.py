"""Operations of a detuning map modulator (DMM): weights of the atoms, and a detuning that they scale."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from runner.spec.models.base import Real, Some, Strict, exactly_one, key, optional
from runner.spec.models.pulses import PROTOCOL, Name, Protocol
from runner.spec.models.waveforms import Shape

_DMM_ID = key("The device's id of the DMM.", "dmm_0", default="dmm_0")
_Weight = Annotated[Real, Field(ge=0, le=1)]
_MAX_TRAPS = 10_000


class WeightedTrap(Strict):
    """A spot of light, and how much detuning it gives."""

    x_um: Real = key("Where it is along x (in µm).", -3.5)
    y_um: Real = key("Where it is along y (in µm).", 0.0)
    weight: _Weight = key("Part of the detuning that it gives, from 0 to 1.", 0.5)


class DetuningMap(Strict, json_schema_extra=exactly_one("weights", "traps")):
    """A DMM with the part of its detuning that each atom gets: by atom, or by place."""

    weights: Annotated[dict[Name, _Weight], Field(min_length=1)] | None = optional(
        "Part of the detuning that an atom gets, from 0 to 1, by its name.", {"q0": 1.0, "q1": 0.5}
    )
    traps: Annotated[Some[WeightedTrap], Field(max_length=_MAX_TRAPS)] | None = optional(
        "The same by place, which need not be that of an atom.", [{"x_um": -3.5, "y_um": 0.0, "weight": 1.0}]
    )
    dmm_id: Name = _DMM_ID
    slug: str | None = optional("A name for the map.", "odd sites")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.weights is None) == (self.traps is None):
            raise PydanticCustomError("detuning_map", "expected either weights or traps")
        return self


class SlmMask(Strict):
    """Atoms that are shielded from the first global pulse."""

    qubits: Annotated[tuple[Name, ...], Field(strict=False)] = key("Names of the atoms.", ["q1", "q2"])
    dmm_id: Name = _DMM_ID


class DmmDetuning(Strict):
    """A detuning that a DMM gives to the atoms of its map."""

    dmm_name: Name = key(
        "Name of the DMM: its id; dmm_0_1 for the second map of dmm_0, and so on.", "dmm_0", default="dmm_0"
    )
    waveform: Shape = key(
        "The detuning (in rad/µs), never above 0.", {"ramp": {"duration_ns": 500, "from": 0, "to": -10}}
    )
    protocol: Protocol = key(PROTOCOL, "no-delay", default="no-delay")
