"""The solver as a backend of Pulser."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import UUID

import numpy as np
from pulser._hamiltonian_data import HamiltonianData
from pulser.backend import BitStrings, EmulationConfig, Results, StateResult
from pulser.backend.abc import EmulatorBackend
from pulser.backend.observable import AggregationMethod
from pulser.noise_model import NoiseModel
from pulser.sampler import sample

from runner.emulation import accuracy as accuracies
from runner.emulation.kets import Ket
from runner.emulation.operators import OperatorSum, hamiltonian
from runner.emulation.propagation import Reached, propagated
from runner.emulation.pulser_samples import drive
from runner.emulation.scope import has_trajectories, noise_model, reason_for_qutip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pulser
    from numpy.typing import NDArray
    from pulser._hamiltonian_data.hamiltonian_data import SamplesWithReps
    from pulser._hamiltonian_data.noise_trajectory import NoiseTrajectory
    from pulser.backend.state import Eigenstate
    from pulser.math import AbstractArray
    from pulser.sampler.samples import ChannelSamples, SequenceSamples

    from runner.emulation.drive import Drive

STATE_ERROR: Final = "state_error"
_SAME_TIME = 1e-6
_STATE_ERROR_ID = UUID("5c5e1f6e-0b39-5a8f-9f0a-6d0f6f0d7a01")


class SplitConfig(EmulationConfig[Ket]):
    """What a `SplitBackend` evaluates, and how exactly.

    Args:
        accuracy: What the error of no state may exceed: the 2-norm up to a phase, between 1e-10 and 1e-2.

        options: Those of Pulser's `EmulationConfig`.

    Raises:
        ValueError: For another accuracy.
    """

    accuracy: float

    _enforce_expected_kwargs: ClassVar[bool] = True
    _state_type = Ket
    _operator_type = OperatorSum

    def __init__(self, *, accuracy: float = accuracies.DEFAULT, **options: Any) -> None:
        finest, coarsest = accuracies.FINEST, accuracies.COARSEST
        if not finest <= accuracy <= coarsest:
            raise ValueError(f"The accuracy is between {finest:g} and {coarsest:g}, not {accuracy!r}.")
        super().__init__(accuracy=float(accuracy), **options)

    def _expected_kwargs(self) -> set[str]:
        return super()._expected_kwargs() | {"accuracy", "default_num_shots"}


class SplitBackend(EmulatorBackend):
    """Solves a sequence of atoms with two states by splitting: see docs/solver.md.

    Results have one tag more than what was asked for: `state_error`, an estimate of the 2-norm of the state's
    error up to a phase, at every evaluation time.

    Args:
        sequence: What to emulate; built.

        config: What to evaluate; bitstrings and the state at the end by default.

        mimic_qpu: Whether to refuse what a machine would refuse.

    Raises:
        NotImplementedError: For what QuTiP has to solve, with the reason.
    """

    default_config: ClassVar[EmulationConfig[Any]] = SplitConfig(
        observables=[BitStrings(evaluation_times=[1.0]), StateResult()]
    )
    _config: SplitConfig

    def __init__(
        self,
        sequence: pulser.Sequence[Any],
        *,
        config: EmulationConfig[Any] | None = None,
        mimic_qpu: bool = False,
    ) -> None:
        super().__init__(sequence, config=config, mimic_qpu=mimic_qpu)
        reason = reason_for_qutip(sequence, self._config)
        if reason is not None:
            raise NotImplementedError(f"This solver cannot do that, QutipBackendV2 can: {reason}.")
        if sequence.is_parametrized() or sequence.is_register_mappable():
            raise ValueError("The sequence has variables or a mappable register: build it first.")
        if sequence.get_duration() == 0:
            raise ValueError("The sequence has no duration: add a pulse or a delay to one of its channels.")
        self._noise = noise_model(sequence, self._config)
        if self._noise.state_prep_error and self._config.initial_state is not None:
            raise NotImplementedError(
                "Errors of the state's preparation leave no initial state to choose: give one of both."
            )

    def run(self) -> Results:
        """The results; of several trajectories of the noise they are averaged."""
        data = self._data(self._noise)
        noisy = [(self._drive(data, each), each.reps) for each in data.noisy_samples]
        clean = noisy[0][0]
        if has_trajectories(self._noise):
            clean, _ = self.problem()
        runs = [run for acting, n_times in noisy for run in self._measured(data, acting, clean, n_times)]
        return runs[0] if len(runs) == 1 else Results.aggregate(runs)

    def problem(self) -> tuple[Drive, Ket]:
        """What is solved without noise: the drive, and the state at its beginning."""
        data = self._data(NoiseModel())
        acting = self._drive(data, next(data.noisy_samples))
        return acting, self._initial(data.basis_data.eigenbasis, acting.n_atoms)

    def _data(self, noise: NoiseModel) -> HamiltonianData:
        """Samples, with one after the end as Pulser's emulators have it, and trajectories of a noise."""
        sequence, is_modulated = self._sequence, self._config.with_modulation
        duration = sequence.get_duration(include_fall_time=is_modulated)
        samples = sample(
            sequence, modulation=is_modulated, extended_duration=duration if is_modulated else None
        )
        return HamiltonianData(
            _with_phases(samples).extend_duration(max(duration, samples.max_duration) + 1),
            sequence.register,
            sequence.device,
            noise,
            self._config.n_trajectories if has_trajectories(noise) else 1,
        )

    def _drive(self, data: HamiltonianData, noisy: SamplesWithReps) -> Drive:
        """What acts on the atoms in a trajectory."""
        return drive(
            noisy.samples,
            atoms=data.register.qubit_ids,
            interactions=self._interactions(data, noisy.trajectory),
            pulses=data.samples,
        )

    def _interactions(self, data: HamiltonianData, trajectory: NoiseTrajectory) -> NDArray[np.float64] | None:
        """What pairs of atoms have in a trajectory, in rad/µs; atoms of the digital basis have none."""
        if "r" not in data.basis_data.eigenbasis:
            return None
        given = self._config.interaction_matrix
        if given is None:
            return np.array(trajectory.interaction_matrix.as_array(detach=True)[-1])
        is_there = ~np.array([trajectory.bad_atoms[atom] for atom in data.register.qubit_ids], dtype=bool)
        matrix = given.as_array(detach=True)[-1] * np.outer(is_there, is_there)
        np.fill_diagonal(matrix, 0)
        return np.asarray(matrix)

    def _measured(
        self, data: HamiltonianData, acting: Drive, clean: Drive, n_times: int
    ) -> Iterator[Results]:
        """What the observables say of one evolution, some times."""
        eigenstates = data.basis_data.eigenbasis
        times = self._times(acting.duration_ns)
        evolution: Iterable[Reached] = propagated(
            acting,
            self._initial(eigenstates, acting.n_atoms).amplitudes,
            [time * acting.duration_ns for time in times],
            self._config.accuracy,
        )
        if n_times > 1:
            evolution = list(evolution)
        for _ in range(n_times):
            results = Results(atom_order=tuple(data.register.qubit_ids), total_duration=acting.duration_ns)
            for time, reached in zip(times, evolution, strict=True):
                self._evaluate(results, time, reached, clean, eigenstates)
            yield results

    def _evaluate(
        self,
        results: Results,
        time: float,
        reached: Reached,
        clean: Drive,
        eigenstates: Sequence[Eigenstate],
    ) -> None:
        """Store what the observables say of a state; they are told the Hamiltonian without noise."""
        ket = Ket(reached.ket, eigenstates=eigenstates)
        energy = hamiltonian(clean, reached.time_ns, eigenstates)
        for each in (*self._config.callbacks, *self._config.observables):
            each(config=self._config, t=time, state=ket, hamiltonian=energy, result=results)
        store_error(results, time, reached.error)

    def _times(self, duration_ns: int) -> list[float]:
        """When states are needed, as parts of the duration."""
        asked = asked_times(self._config)
        named = [np.asarray(times, dtype=float) for times in asked if not isinstance(times, str)]
        if self._config.callbacks or len(named) < len(asked):
            named.append(np.arange(duration_ns + 1) / duration_ns)
        return distinct(np.concatenate(named).tolist())

    def _initial(self, eigenstates: Sequence[Eigenstate], n_atoms: int) -> Ket:
        """The state at the beginning: what was given, or all atoms in the ground state."""
        given = self._config.initial_state
        if given is None:
            return Ket.from_state_amplitudes(eigenstates=eigenstates, amplitudes={"g" * n_atoms: 1.0})
        if given.n_qudits != n_atoms or set(given.eigenstates) != set(eigenstates):
            raise ValueError(
                f"The initial state has {given.n_qudits} atoms over {given.eigenstates}, and the sequence"
                f" {n_atoms} over {tuple(eigenstates)}."
            )
        digits = given.amplitudes.reshape((len(eigenstates),) * n_atoms)
        order = [given.eigenstates.index(state) for state in eigenstates]
        vector = digits[np.ix_(*[order] * n_atoms)].reshape(-1)
        return Ket(vector / np.linalg.norm(vector), eigenstates=eigenstates)


def _with_phases(samples: SequenceSamples) -> SequenceSamples:
    """Samples that know their centered phases, which Pulser would compute each time that it copies them."""
    known = [replace(each, _centered_phase=_centered_phase(each)) for each in samples.samples_list]
    return replace(samples, samples_list=known)


def _centered_phase(of_channel: ChannelSamples) -> AbstractArray:
    has_phases = np.any(of_channel.phase.as_array(detach=True))
    return of_channel.centered_phase if has_phases else of_channel.phase


def asked_times(config: SplitConfig) -> list[Any]:
    """When each observable is evaluated: parts of the duration, or `Full` for every nanosecond."""
    return [
        config.default_evaluation_times if each.evaluation_times is None else each.evaluation_times
        for each in config.observables
    ]


def distinct(times: Iterable[float]) -> list[float]:
    """Times in order, each once; closer ones are one, as Pulser has it."""
    in_order = sorted({float(time) for time in times})
    return [time for before, time in pairwise([-1.0, *in_order]) if time - before > _SAME_TIME]


def store_error(results: Results, time: float, error: float) -> None:
    """Add the estimate of a state's error to the results at a time."""
    results._store_raw(  # noqa: SLF001  (an observable would not be told the error)
        uuid=_STATE_ERROR_ID,
        tag=STATE_ERROR,
        time=time,
        value=error,
        aggregation_method=AggregationMethod.MEAN,
    )
