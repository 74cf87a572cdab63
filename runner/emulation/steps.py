"""Steps of one length: their matrices, and what they make of a state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from runner.emulation.drive import US_PER_NS
from runner.emulation.phases import InteractionPhases
from runner.emulation.rotations import AtomGroups
from runner.emulation.splitting import (
    DIAGONALS,
    N_DIAGONALS,
    NO_BEND,
    ORDER,
    detuning_matrices,
    joined,
    step_matrices,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from runner.emulation.drive import Drive, Segment

    Matrices = list[NDArray[np.complex128]]

# What a step does to any state of so many atoms is made faster than a thousand products of one state are.
_FEW_ATOMS = 3


class Steps:
    """The matrices of some steps of one length, each in two halves.

    Args:
        segment: All of them are inside of it.

        starts_ns: Where each begins.

        length_ns: Of each of them.

        checked: Those that are needed as a whole, too.

        groups: The atoms.
    """

    def __init__(
        self,
        segment: Segment,
        starts_ns: NDArray[np.float64],
        length_ns: float,
        *,
        checked: Sequence[int],
        groups: AtomGroups,
    ) -> None:
        self.length_ns = length_ns
        self.n_steps = n_steps = len(starts_ns)
        self.checked = checked
        taken = _whole_and_halved(segment, starts_ns, length_ns, whole_ns=starts_ns[list(checked)])
        whole, first, second = np.split(taken, np.cumsum([len(checked), n_steps]), axis=1)
        self._whole = groups.matrices(whole)
        self._halves = groups.matrices(joined(first, second))

    def whole(self, index: int) -> list[Matrices]:
        """The matrices of a checked step, stage by stage, each of all groups."""
        return _by_stage(self._whole, self.checked.index(index))

    def halves(self, index: int) -> list[Matrices]:
        """Those of the halves of a step."""
        return _by_stage(self._halves, index)


class Stepper:
    """What steps make of a state of some atoms.

    Args:
        drive: What acts on the atoms.
    """

    def __init__(self, drive: Drive) -> None:
        self.groups = AtomGroups(drive.kinds)
        interactions = drive.interactions
        acts = interactions is not None and bool(interactions.any())
        self._phases = InteractionPhases(interactions) if interactions is not None and acts else None
        summed = 0.0 if interactions is None else np.abs(interactions).sum(axis=1)
        self._fields = np.broadcast_to(summed, (drive.n_atoms,))
        self._kinds = list(drive.kinds)

    def most_error(self, segment: Segment) -> float:
        """What the error of one step over a segment does not exceed, where that is known before.

        Each atom has an error of at most the seventh power of the angle that it turns by, all that acts on it
        added up. On random drives that change linearly it was a 200th of that at most.
        """
        if segment.bend > NO_BEND:
            return np.inf
        strongest = np.abs(segment.couplings).max(axis=1) + np.abs(segment.detunings).max(axis=1)
        angles = (strongest[self._kinds] + self._fields) * segment.length_ns * US_PER_NS
        return float(np.sum(angles ** (ORDER + 1)))

    @property
    def is_small(self) -> bool:
        """Whether to make what steps do to any state is cheaper than to take them one by one."""
        return len(self._kinds) <= _FEW_ATOMS

    def operators(
        self, segment: Segment, starts_ns: NDArray[np.float64], length_ns: float
    ) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """What steps of one length make of any state of few atoms, each as a whole and in two halves.

        Returns:
            Transposed: each of shape (steps, 2 ** atoms, 2 ** atoms).
        """
        n_steps = len(starts_ns)
        taken = _whole_and_halved(segment, starts_ns, length_ns, whole_ns=starts_ns)
        (stages,) = (np.moveaxis(each, 1, 0) for each in self.groups.matrices(taken))
        product = stages[0]
        for stage, phases in zip(stages[1:], self._phases_of(length_ns, n_steps), strict=True):
            product = (product if phases is None else product * phases) @ stage
        whole, first, second = np.split(product, 3)
        return whole, first @ second

    def _phases_of(self, length_ns: float, n_steps: int) -> Sequence[NDArray[np.complex128] | None]:
        """Phases of each diagonal of steps and of their halves: of shape (3 * steps, 1, 2 ** atoms)."""
        if self._phases is None:
            return [None] * N_DIAGONALS
        whole, half = (np.array(self._phases.of_step(each)) for each in (length_ns, length_ns / 2))
        return list(np.repeat([whole, half], [n_steps, 2 * n_steps], axis=0).swapaxes(0, 1)[:, :, None])

    def stepped(
        self,
        ket: NDArray[np.complex128],
        stages: Sequence[Matrices],
        length_ns: float,
        into: NDArray[np.complex128],
        spare: NDArray[np.complex128],
    ) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """A state after one step or two, and the other one of two vectors that were written over."""
        phases = None if self._phases is None else self._phases.of_step(length_ns)
        for index, matrices in enumerate(stages):
            ket, into = self.groups.apply(matrices, ket, into, spare)
            spare = ket
            if index == len(stages) - 1:
                break
            if phases is not None:
                ket *= phases[index % N_DIAGONALS]
            elif self._phases is not None:
                self._phases.multiply(ket, length_ns * DIAGONALS[index % N_DIAGONALS])
        return ket, into

    def part(
        self,
        segment: Segment,
        ket: NDArray[np.complex128],
        at_ns: tuple[float, float],
        into: NDArray[np.complex128],
        spare: NDArray[np.complex128],
    ) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """A state after a single step with a beginning and a length of its own, and the other vector."""
        taken = step_matrices(segment, *(np.array([each]) for each in at_ns))
        stages = _by_stage(self.groups.matrices(taken), 0)
        return self.stepped(ket, stages, at_ns[1], into, spare)

    def without_rotation(
        self, segment: Segment, ket: NDArray[np.complex128], time_ns: float
    ) -> NDArray[np.complex128]:
        """A state that was at the beginning of a segment without rotations, at a later time of it."""
        matrices = self.groups.matrices(detuning_matrices(segment, segment.start_ns, time_ns))
        ket, _ = self.groups.apply(matrices, ket, np.empty_like(ket), np.empty_like(ket))
        if self._phases is not None:
            self._phases.multiply(ket, time_ns - segment.start_ns)
        return ket


def _whole_and_halved(
    segment: Segment, starts_ns: NDArray[np.float64], length_ns: float, *, whole_ns: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """Matrices of some steps as a whole, then of the first halves of all steps, then of the second ones.

    Args:
        whole_ns: Where those begin that are taken as a whole.
    """
    half, n_steps = length_ns / 2, len(starts_ns)
    times = np.concatenate([whole_ns, starts_ns, starts_ns + half])
    lengths = np.repeat([length_ns, half, half], [len(whole_ns), n_steps, n_steps])
    return step_matrices(segment, times, lengths)


def _by_stage(matrices: Sequence[NDArray[np.complex128]], index: int) -> list[Matrices]:
    return [list(stage) for stage in zip(*(each[index] for each in matrices), strict=True)]
