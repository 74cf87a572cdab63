"""The emulators behind the device types, each with Pulser's interface.

EMU_FREE is the solver of this project, and QuTiP for what that cannot do. QuTiP, EMU_SV and EMU_MPS are
packages of their own: their first job imports them. Without its package EMU_SV is as EMU_FREE.
"""

from __future__ import annotations

import importlib
import json
import logging
import random
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pulser.backend import BitStrings
from pulser.backend.config import DEFAULT_N_TRAJECTORIES

from runner.emulation.backend import SplitBackend, SplitConfig
from runner.local.validation.backend_config import QUTIP_OPTIONS, SOLVER_OPTIONS, completed, own_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulser.backend.state import Eigenstate
    from pulser.noise_model import NoiseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """An emulator.

    Args:
        backend: Takes a sequence and a configuration, and runs.

        config: Kind of its configurations.

        fixed: Options that this machine decides.

        unknown: Options of the device type that are none of this emulator's.

        one_state: The state of an atom that is measured as 1; None leaves it to the emulator, which knows it
            where an atom has two states, and knows no other one.
    """

    backend: Any
    config: Any
    fixed: Mapping[str, Any] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    one_state: Eigenstate | None = None

    def configured(self, text: str, device_type: str, runs: int, *, is_stand_in: bool = False) -> Any:
        """The configuration that a client gave, completed for a job.

        Args:
            text: As it was given.

            device_type: Where the job was submitted to.

            runs: How many the job has.

            is_stand_in: Whether the device type's own emulator is another one: its options are left out.
        """
        given = {**completed(json.loads(text), device_type, runs, self.one_state), **self.fixed}
        unknown = self.unknown | (own_options(device_type) if is_stand_in else frozenset())
        known = {name: value for name, value in given.items() if name not in unknown}
        return self.config.from_abstract_repr(json.dumps(known))

    def plain(self, runs: int, noise: NoiseModel | None = None) -> Any:
        """The configuration of a job without one: bitstrings at the end, with noise if there is any.

        Where the noise has trajectories, each of them gives as many shots as the job has runs.
        """
        noisy = {} if noise is None else {"noise_model": noise, "n_trajectories": trajectories(runs, noise)}
        final = BitStrings(evaluation_times=[1.0], num_shots=runs, one_state=self.one_state)
        return self.config(observables=[final], **noisy, **self.fixed)


# One core a job: a graphics card would be shared by all workers, and what is printed would fill the log.
_HERE = {"gpu": False, "log_level": logging.ERROR}
# What is 1 where a basis is measured, whatever other states an atom has.
_ONE_STATES: Final[dict[str, Eigenstate]] = {"ground-rydberg": "r", "digital": "h", "XY": "d"}


def emulator(device_type: str, basis: str | None = None) -> Emulator:
    """The emulator of a device type; ImportError without the package that it needs.

    Args:
        device_type: PCS's name of it.

        basis: What is measured; None if the sequence does not say it.
    """
    if device_type == "EMU_SV":
        emu_sv = importlib.import_module("emu_sv")
        return Emulator(backend=emu_sv.SVBackend, config=emu_sv.SVConfig, fixed=_HERE)
    if device_type == "EMU_MPS":
        emu_mps = importlib.import_module("emu_mps")
        return Emulator(backend=emu_mps.MPSBackend, config=emu_mps.MPSConfig, fixed=_HERE)
    return Emulator(
        backend=SplitBackend, config=SplitConfig, one_state=_one_state(basis), unknown=QUTIP_OPTIONS
    )


def qutip_emulator(basis: str | None = None) -> Emulator:
    """The emulator of what EMU_FREE's solver cannot do.

    Args:
        basis: What is measured; None if the sequence does not say it.
    """
    simulation = importlib.import_module("pulser_simulation")
    return Emulator(
        backend=simulation.QutipBackendV2,
        config=simulation.QutipConfig,
        one_state=_one_state(basis),
        unknown=SOLVER_OPTIONS,
    )


def _one_state(basis: str | None) -> Eigenstate | None:
    return None if basis is None else _ONE_STATES[basis]


def trajectories(runs: int, noise: NoiseModel) -> int:
    """How many noise trajectories a job has: as the noise model says, or as many as Pulser would take."""
    return int(noise.runs or min(runs, DEFAULT_N_TRAJECTORIES))


def seed_generators(seed: int) -> None:
    """Seed all that the emulators draw from: none of them takes a seed."""
    np.random.seed(seed)  # noqa: NPY002  (the generator that Pulser draws from)
    random.seed(seed)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.default_generator.manual_seed(seed)  # that of processors: jobs have no graphics card
