"""Whether a density matrix fits into memory: QuTiP has one where noise makes states mixed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.emulation.scope import MIXING, noise_model
from runner.local.engines.base import JobFailedError

if TYPE_CHECKING:
    from pulser.backend import EmulationConfig
    from pulser.noise_model import NoiseModel

    from runner.local.validation.pulser_objects import AnySequence

_GB = 2**30
_MEMORY = Path("/proc/meminfo")
# What QuTiP holds for each entry of a density matrix and each atom, in entries: measured on 8 to 10 atoms
# with one kind of collapse, and with three.
_OF_ANY, _OF_EACH_KIND = 3.0, 3.5


def refuse_too_large(sequence: AnySequence, config: EmulationConfig[Any], available: int | None) -> None:
    """Raise JobFailedError for a job that QuTiP would need more memory for than there is.

    Args:
        sequence: What is emulated.

        config: QuTiP's configuration.

        available: How much there is (in bytes); None where that is not known.
    """
    noise = noise_model(sequence, config)
    if available is None or not MIXING & set(noise.noise_types) or _jumps(config):
        return
    n_atoms = len(sequence.register.qubit_ids)
    n_states = min(2, len(sequence.get_addressed_bases())) + 1 + noise.with_leakage
    needed = density_matrix_bytes(n_atoms, n_states, _n_kinds(noise))
    if needed > available:
        raise JobFailedError(
            f"Noise makes states mixed: a density matrix of {n_atoms} atoms and its evolution need about"
            f" {needed / _GB:.1f} GB, and {available / _GB:.1f} GB are free. Use fewer atoms, or"
            " EMU_FREE with solver: MonteCarlo, which draws quantum jumps of state vectors."
        )


def density_matrix_bytes(n_atoms: int, n_states: int, n_kinds: int) -> int:
    """About what QuTiP needs for an evolution.

    Args:
        n_atoms: How many atoms there are.

        n_states: Of each atom.

        n_kinds: How many kinds of collapse each atom has.
    """
    return int(16 * n_states ** (2 * n_atoms) * n_atoms * (_OF_ANY + _OF_EACH_KIND * n_kinds))


def available_bytes() -> int | None:
    """How much memory there is for more; None where the system does not say it."""
    try:
        lines = _MEMORY.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    sizes = dict(line.split(":", 1) for line in lines)
    said = sizes.get("MemAvailable", "").split()
    return int(said[0]) * 1024 if said else None


def _jumps(config: EmulationConfig[Any]) -> bool:
    """Whether states stay pure, for quantum jumps are drawn."""
    return getattr(getattr(config, "solver", None), "value", None) == "MonteCarlo"


def _n_kinds(noise: NoiseModel) -> int:
    kinds = MIXING & set(noise.noise_types) - {"eff_noise", "leakage"}
    return len(kinds) + len(noise.eff_noise_opers)
