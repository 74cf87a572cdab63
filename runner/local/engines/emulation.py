"""The physics of one job, in a worker process: JSON text in, JSON text out.

This module imports Pulser's simulation, which takes more than a second; only workers import it.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from pulser import Sequence
from pulser.backend import Results

from runner.domain.json_values import json_default
from runner.emulation.backend import SplitConfig
from runner.emulation.scope import reason_for_qutip
from runner.local.engines import evolution as evolving
from runner.local.engines.base import JobFailedError
from runner.local.engines.emulators import Emulator, emulator, qutip_emulator, seed_generators
from runner.local.engines.evolution import Point
from runner.local.engines.evolution_cache import KeptEvolutions
from runner.local.engines.memory import available_bytes, refuse_too_large
from runner.local.rules.device_types import DEVICE_TYPES
from runner.local.validation.backend_config import (
    ADDED_SUFFIX,
    asks_for_qutip,
    leaves_shots,
    takes_configuration,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pulser.noise_model import NoiseModel

    from runner.local.engines.base import Payload
    from runner.local.validation.pulser_objects import AnySequence

_KEPT_SEQUENCES = 64
_KEPT_CONFIGURATIONS = 8  # they may have a state of all atoms in them


def emulate(payload: str, kept: Path | None = None) -> str:
    """Build the sequence, evolve it, measure it; see `runner.local.engines.base.payload` for what goes in.

    The same payload gives the same counts, always, whether its evolution was kept or not.

    Args:
        payload: What to emulate.

        kept: Folder of evolutions that jobs share; without one every job computes its own.
    """
    asked: Payload = json.loads(payload)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = _results(_point(asked), asked, None if kept is None else _kept(kept))
    # Who reads it checks it; to check it here as well takes longer than a measurement.
    serialised = results.to_abstract_repr(skip_validation=True)
    counter = _counter(results)
    if _has_more_shots(asked, counter):
        counter = _thinned(counter, asked["runs"], asked["seed"])
        serialised = _with_counter(serialised, _counter_tag(results), counter)
    return json.dumps(
        {"counter": dict(sorted(counter.items())), "serialised_results": serialised}, default=json_default
    )


def _has_more_shots(asked: Payload, counter: Mapping[str, int]) -> bool:
    """Whether trajectories gave more shots than the job has runs, and its client left the number to it."""
    text = asked["backend_configuration"]
    return text is not None and sum(counter.values()) > asked["runs"] and leaves_shots(json.loads(text))


def _with_counter(serialised: str, tag: str, counter: Mapping[str, int]) -> str:
    """Results with other bitstrings at the end."""
    said = json.loads(serialised)
    said["results"][said["tagmap"][tag]][-1] = dict(counter)
    return json.dumps(said)


def _point(asked: Payload) -> Point:
    text = asked["sequence"]
    return Point(text=text, parsed=_parsed(text), variables=asked["variables"])


@lru_cache(maxsize=_KEPT_SEQUENCES)
def _measured_basis(sequence: str) -> str | None:
    basis: str | None = json.loads(sequence)["measurement"]
    return basis


@lru_cache(maxsize=_KEPT_SEQUENCES)
def _parsed(sequence: str) -> AnySequence:
    parsed: AnySequence = Sequence.from_abstract_repr(sequence)
    if len(parsed.get_addressed_bases()) <= 1:  # there is nothing to choose
        return parsed
    # Pulser evolves no job that happens to play nothing in the basis that is measured. Ours names the state
    # that is 1 itself, which no atom is in then.
    return Sequence.from_abstract_repr(json.dumps(json.loads(sequence) | {"measurement": None}))


@lru_cache(maxsize=1)
def _kept(folder: Path) -> KeptEvolutions:
    return KeptEvolutions(folder)


def _results(point: Point, asked: Payload, kept: KeptEvolutions | None) -> Results:
    wanted = _Wanted(
        sequence=point.text,
        device_type=asked["device_type"],
        emulator=asked["emulator"],
        runs=asked["runs"],
        with_noise=bool(asked["configuration"].get("with_noise")),
        backend_configuration=asked["backend_configuration"],
    )
    which, config = _settled(wanted)
    results = _run(which, point, config, asked["seed"], kept)
    if wanted.backend_configuration is not None:
        return results
    return _exactly(wanted.runs, results, asked["seed"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What the jobs of a sweep have in common; see `runner.local.engines.base.Payload`."""

    sequence: str
    device_type: str
    emulator: str
    runs: int
    with_noise: bool
    backend_configuration: str | None


@lru_cache(maxsize=_KEPT_CONFIGURATIONS)
def _settled(wanted: _Wanted) -> tuple[Emulator, Any]:
    """The emulator of a job, and its configuration; no emulator changes what it is given."""
    basis, text = _measured_basis(wanted.sequence), wanted.backend_configuration
    if text is not None and asks_for_qutip(json.loads(text)):
        which = qutip_emulator(basis)
    else:
        which = emulator(wanted.emulator, basis)
    config = _config(which, wanted)
    reason = reason_for_qutip(_parsed(wanted.sequence), config) if isinstance(config, SplitConfig) else None
    if reason is not None:
        _refuse_too_many(wanted, reason)
        which = qutip_emulator(basis)
        config = _config(which, wanted)
    return which, config


def _refuse_too_many(wanted: _Wanted, reason: str) -> None:
    """Raise JobFailedError where QuTiP would have to do what it does not for so many atoms."""
    device, emulated = (DEVICE_TYPES[name] for name in (wanted.device_type, wanted.emulator))
    n_qubits = len(_parsed(wanted.sequence).get_register(include_mappable=True).qubit_ids)
    if device is not emulated and n_qubits > emulated.max_qubits:
        raise JobFailedError(
            f"{device.name} takes at most {emulated.max_qubits} qubits here of what QuTiP has to solve"
            f" ({reason}): use fewer atoms, or {device.cure}, which brings its emulator."
        )


def _config(which: Emulator, wanted: _Wanted) -> Any:
    """What a job asks its emulator for."""
    text = wanted.backend_configuration
    if text is not None:
        is_stand_in = wanted.emulator != wanted.device_type
        return which.configured(text, wanted.device_type, wanted.runs, is_stand_in=is_stand_in)
    return which.plain(wanted.runs, _noise(wanted))


def _run(which: Emulator, point: Point, config: Any, seed: int, kept: KeptEvolutions | None) -> Results:
    if isinstance(config, SplitConfig) and evolving.has_evolution(point.parsed, config):
        evolution = evolving.remembered(point, config, kept)
        seed_generators(seed)
        return evolving.measured(evolution, config)
    seed_generators(seed)
    sequence = point.sequence()
    if hasattr(config, "sampling_rate"):  # QuTiP's
        refuse_too_large(sequence, config, available_bytes())
    results: Results = which.backend(sequence, config=config).run()
    return results


def _noise(wanted: _Wanted) -> NoiseModel | None:
    """The noise of the sequence's device, where it is a machine that is emulated, or was asked for."""
    is_wanted = wanted.with_noise or not takes_configuration(wanted.device_type)
    return _parsed(wanted.sequence).device.noise_model if is_wanted else None


def _exactly(runs: int, results: Results, seed: int) -> Results:
    """The results with as many shots as the job has runs: each trajectory of a noise gives that many.

    Which ones stay is random, and each is as probable as any other, so that they are distributed alike.
    """
    counter = results.final_bitstrings
    if sum(counter.values()) == runs:
        return results
    thinned = _thinned(counter, runs, seed)
    return Results.from_final_bitstrings(results.atom_order, results.total_duration, thinned)


def _thinned(counter: Mapping[str, int], runs: int, seed: int) -> dict[str, int]:
    left = np.random.default_rng(seed).multivariate_hypergeometric(list(counter.values()), runs)
    return {bits: int(n) for bits, n in zip(counter, left, strict=True) if n}


def _counter(results: Results) -> Mapping[str, int]:
    counter: Mapping[str, int] = results.get_result(_counter_tag(results), 1.0)
    return counter


def _counter_tag(results: Results) -> str:
    added = f"bitstrings_{ADDED_SUFFIX}"
    return added if added in results.get_result_tags() else "bitstrings"
