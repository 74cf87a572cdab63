"""The emulators behind the device types, each with Pulser's interface.

EMU_SV and EMU_MPS are packages of their own, which import PyTorch: their first job imports them.
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
from pulser_simulation import QutipBackendV2, QutipConfig

from runner.local.validation.backend_config import completed

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

        one_state: The state of an atom that is measured as 1; None leaves it to the emulator, which knows it
            where an atom has two states, and knows no other one.
    """

    backend: Any
    config: Any
    fixed: Mapping[str, Any] = field(default_factory=dict)
    one_state: Eigenstate | None = None

    def configured(self, text: str, device_type: str, runs: int) -> Any:
        """The configuration that a client gave, completed for a job."""
        given = {**completed(json.loads(text), device_type, runs, self.one_state), **self.fixed}
        return self.config.from_abstract_repr(json.dumps(given))

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
    one_state = None if basis is None else _ONE_STATES[basis]
    return Emulator(backend=QutipBackendV2, config=QutipConfig, one_state=one_state)


def trajectories(runs: int, noise: NoiseModel) -> int:
    """How many noise trajectories a job has: as the noise model says, or as many as Pulser would take."""
    return int(noise.runs or min(runs, DEFAULT_N_TRAJECTORIES))


def seed_generators(seed: int) -> None:
    """Seed all that the emulators draw from: none of them takes a seed."""
    np.random.seed(seed)  # noqa: NPY002  (the generator that Pulser draws from)
    random.seed(seed)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)
