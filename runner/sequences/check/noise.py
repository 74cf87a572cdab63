"""Noise models: parameters, ours ↔ Pulser's, and whether the noise is drawn anew each time."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from runner.spec.models.emulation import as_complex

if TYPE_CHECKING:
    from pulser import NoiseModel

    from runner.spec.models.emulation import Noise

_UNITS: Final = ("_rad_per_us", "_per_us", "_um", "_uk", "_ns")
_RANDOM: Final = frozenset({"doppler", "detuning", "register", "dmm_sigma"})
# Random where an emulator draws quantum jumps.
_JUMPS: Final = frozenset({"dephasing", "relaxation", "depolarizing", "eff_noise"})
_NO_PHYSICS: Final = frozenset({"noise_types", "runs", "samples_per_run"})


def said_parts(asked: Noise) -> dict[str, Any]:
    """The parameters of a noise model that the file says."""
    said: dict[str, Any] = {
        pulsers_name(name): getattr(asked, name) for name in asked.model_fields_set - {"eff_noise"}
    }
    if asked.eff_noise:
        said["eff_noise_rates"] = tuple(each.rate_per_us for each in asked.eff_noise)
        said["eff_noise_opers"] = tuple(
            np.array([[as_complex(value) for value in row] for row in each.operator])
            for each in asked.eff_noise
        )
    return said


def is_drawn(noise: NoiseModel, *, has_jumps: bool) -> bool:
    """Whether each trajectory is another one.

    Args:
        has_jumps: Whether the emulator draws quantum jumps, where others evolve a density matrix.
    """
    kinds = set(noise.noise_types)
    is_prepared_badly = "SPAM" in kinds and noise.state_prep_error != 0
    is_shaken = "amplitude" in kinds and noise.amp_sigma != 0
    return is_prepared_badly or is_shaken or bool(kinds & (_RANDOM | (_JUMPS if has_jumps else frozenset())))


def noise_parts(noise: NoiseModel | None) -> dict[str, Any]:
    """The parameters of a noise model that are not at their defaults."""
    parts: dict[str, Any] = {}
    for each in fields(noise) if noise is not None else ():
        value = getattr(noise, each.name)
        if each.name not in _NO_PHYSICS and value is not None and np.size(value) and np.any(value):
            parts[each.name] = value
    return parts


def pulsers_name(name: str) -> str:
    """Pulser's name of a key of ours: without its unit."""
    unit = next((each for each in _UNITS if name.endswith(each)), "")
    return name.removesuffix(unit)
