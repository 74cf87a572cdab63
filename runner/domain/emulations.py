"""What counts of an emulation, read back from the configuration that an emulator was told. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIGITS: Final = 12
_NO_PHYSICS: Final = frozenset({"noise_types", "runs", "samples_per_run"})
# What Pulser writes of every emulation, beside the options of one emulator.
_OF_ALL: Final = frozenset(
    {
        *("callbacks", "observables", "default_evaluation_times", "default_num_shots", "interaction_matrix"),
        *("prefer_device_noise_model", "noise_model", "initial_state", "with_modulation", "n_trajectories"),
    }
)


def rounded(value: Any) -> Any:
    """The same, each number to so many digits as count."""
    if isinstance(value, Mapping):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def possible_emulations(configuration: object) -> Iterator[dict[str, Any]]:
    """What may count of an emulation: a configuration does not tell whether its file named the trajectories.

    Args:
        configuration: Abstract representation of an `EmulationConfig`, JSON text; nothing comes of another.
    """
    try:
        said = json.loads(configuration) if isinstance(configuration, str) else None
        physics = _physics(said) if isinstance(said, Mapping) else {}
        trajectories = said.get("n_trajectories") if isinstance(said, Mapping) else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return
    for often in (None, trajectories):
        parts = {**physics, "n_trajectories": often}
        yield rounded({name: each for name, each in sorted(parts.items()) if each is not None})


def _physics(said: Mapping[str, Any]) -> dict[str, Any]:
    noise = said.get("noise_model")
    return {name: each for name, each in said.items() if name not in _OF_ALL} | {
        "noise_model": _noise(noise) or None if noise else None,
        "initial_state": said.get("initial_state"),
        "with_modulation": said.get("with_modulation") or None,
    }


def _noise(said: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that are not at their defaults: Pulser writes some in pairs, two as kinds of noise."""
    parts = {name: each for name, each in said.items() if name not in _NO_PHYSICS and each}
    kinds = said.get("noise_types", ())
    parts |= {"with_leakage": True} if "leakage" in kinds else {}
    parts |= {"disable_doppler": True} if parts.get("temperature") and "doppler" not in kinds else {}
    pairs = parts.pop("detuning_hf", ())
    channels = parts.pop("eff_noise", ())
    if pairs:
        parts["detuning_hf_psd"], parts["detuning_hf_omegas"] = zip(*pairs, strict=True)
    if channels:
        parts["eff_noise_rates"] = [rate for rate, _ in channels]
        parts["eff_noise_opers"] = [[[*map(_complex, row)] for row in matrix] for _, matrix in channels]
    return parts


def _complex(value: Any) -> dict[str, float]:
    return dict(value) if isinstance(value, Mapping) else {"real": value, "imag": 0.0}
