"""What the solver cannot do, and QuTiP does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pulser.backend import StateResult

if TYPE_CHECKING:
    import pulser
    from pulser.backend import EmulationConfig
    from pulser.noise_model import NoiseModel

# They make a pure state mixed, or need a third state of an atom.
MIXING: Final = frozenset({"dephasing", "depolarizing", "eff_noise", "leakage", "relaxation"})
_FROM_SHOT_TO_SHOT: Final = frozenset({"amplitude", "detuning", "dmm_sigma", "doppler", "register"})


def noise_model(sequence: pulser.Sequence[Any], config: EmulationConfig[Any]) -> NoiseModel:
    """The noise that a configuration asks for: its own, or that of the sequence's device."""
    of_device = sequence.device.noise_model if config.prefer_device_noise_model else None
    return of_device or config.noise_model


def has_trajectories(noise: NoiseModel) -> bool:
    """Whether a noise differs from shot to shot, so that some evolutions of it are averaged."""
    kinds = set(noise.noise_types)
    is_fluctuating = bool(kinds & (_FROM_SHOT_TO_SHOT - {"amplitude"})) or bool(noise.amp_sigma)
    return is_fluctuating or ("SPAM" in kinds and bool(noise.state_prep_error))


def reason_for_qutip(sequence: pulser.Sequence[Any], config: EmulationConfig[Any]) -> str | None:
    """Why QuTiP has to solve a sequence; None if it has not to."""
    noise = noise_model(sequence, config)
    mixing = sorted(MIXING & set(noise.noise_types))
    if mixing:
        return f"{', '.join(mixing)} noise makes states mixed"
    if config.with_modulation and sequence._slm_mask_targets:  # noqa: SLF001  (nothing else tells it)
        return "Pulser modulates no sequence with an SLM mask"
    if "XY" in sequence.get_addressed_bases():
        return "XY interactions are not diagonal"
    if len(sequence.get_addressed_bases()) > 1:
        return "atoms have three states where two bases are addressed"
    if has_trajectories(noise) and any(isinstance(each, StateResult) for each in config.observables):
        return "the state is a mixed one where noise differs from shot to shot"
    return None
