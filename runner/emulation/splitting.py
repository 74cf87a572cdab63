"""One step of the evolution: rotations of single atoms, and between them what interactions and detunings do.

The formula is the splitting S10 of sixth order of Blanes and Moan (J. Comput. Appl. Math. 142, 2002, 313).
Between two rotations everything diagonal is integrated exactly and carries the time; a rotation is taken at
the time that has been reached. Either half of a diagonal acts on single atoms or does not depend on time:

- detunings are phases of single atoms, so that they are multiplied into the matrices of the rotations;
- interactions are phases of basis states, which are the same in each step of one length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from runner.emulation.drive import US_PER_NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from runner.emulation.drive import Segment

_A = (0.0502627644003922, 0.413514300428344, 0.0450798897943977, -0.188054853819569, 0.541960678450780)
_B = (0.148816447901042, -0.132385865767784, 0.067307604692185, 0.432666402578175)
# Parts of a step that rotations last, and those of the diagonals between them.
ROTATIONS: Final = np.array([*_A, 1 - 2 * sum(_A), *reversed(_A)])
DIAGONALS: Final = np.array([*_B, 0.5 - sum(_B), 0.5 - sum(_B), *reversed(_B)])
N_DIAGONALS: Final = len(DIAGONALS)
ORDER: Final = 6
_TIMES = np.concatenate([[0.0], np.cumsum(DIAGONALS)])
_X = _TIMES - 0.5
# Polynomials at the times of a step, which are orthogonal with the weights of its rotations.
_POLYNOMIALS = np.stack([np.ones_like(_X), _X, _X**2 - 1 / 12])
_WEIGHTED = _POLYNOMIALS * ROTATIONS
_NORMS = np.sum(_WEIGHTED * _POLYNOMIALS, axis=1)
# Steps below which the integral of each is rounding.
_SHORTEST_NS = np.array([0.0, 1.0, 4.0])
# What is less is rounding, in rad/µs a ns.
NO_BEND: Final = 1e-12


def step_matrices(
    segment: Segment, starts_ns: NDArray[np.float64], lengths_ns: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """The matrices of single atoms in some steps, each with the detuning that follows its rotation.

    Returns:
        Of shape (kinds, steps, 11, 2, 2).
    """
    times = starts_ns[:, None] + lengths_ns[:, None] * _TIMES
    couplings = _couplings(segment, times, lengths_ns)
    areas = np.diff(segment.area(times.ravel()).reshape(-1, *times.shape), axis=-1)
    matrices = _rotation(couplings, lengths_ns[:, None] * ROTATIONS * US_PER_NS)
    matrices[..., :-1, 0, :] *= np.exp(1j * areas)[..., None]
    return matrices


def joined(first: NDArray[np.complex128], second: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """The matrices of two steps that follow each other: the last rotation and the first are one.

    Args:
        first: Of shape (kinds, steps, 11, 2, 2).

        second: Likewise.

    Returns:
        Of shape (kinds, steps, 21, 2, 2).
    """
    between = second[..., :1, :, :] @ first[..., -1:, :, :]
    return np.concatenate([first[..., :-1, :, :], between, second[..., 1:, :, :]], axis=-3)


def detuning_matrices(segment: Segment, start_ns: float, end_ns: float) -> NDArray[np.complex128]:
    """What detunings alone do to each kind of atom between two times: of shape (kinds, 2, 2)."""
    areas = np.diff(segment.area(np.array([start_ns, end_ns], dtype=np.float64)), axis=-1)
    matrices = np.zeros((len(areas), 2, 2), dtype=np.complex128)
    matrices[:, 0, 0] = np.exp(1j * areas[:, 0])
    matrices[:, 1, 1] = 1
    return matrices


def _couplings(
    segment: Segment, times_ns: NDArray[np.float64], lengths_ns: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """The couplings at which rotations of some steps are taken: of shape (kinds, steps, 11).

    Those at their times, and a parabola that makes sums over a step equal to integrals: of the coupling, and
    of its first two moments. For smooth drives that parabola is of sixth order. Drives that are linear
    between samples need it, for they have kinks inside of steps, which no formula sees.
    """
    couplings = segment.coupling(times_ns.ravel()).reshape(-1, *times_ns.shape)
    if segment.bend <= NO_BEND:
        return couplings
    sums = np.moveaxis(couplings @ _WEIGHTED.T, -1, 0)
    missing = (_integrals(segment, times_ns, lengths_ns) - sums) / _NORMS[:, None, None]
    missing *= (lengths_ns >= _SHORTEST_NS[:, None])[:, None]  # it would be rounding
    taken: NDArray[np.complex128] = couplings + np.moveaxis(missing, 0, -1) @ _POLYNOMIALS
    return taken


def _integrals(
    segment: Segment, times_ns: NDArray[np.float64], lengths_ns: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """The means over steps of c, x·c and (x² - 1/12)·c, x from -1/2 to 1/2: of shape (3, kinds, steps)."""
    ends = times_ns[:, [0, -1]]
    moments = segment.coupling_moments(ends.ravel()).reshape(3, -1, *ends.shape)
    zeroth, first, second = np.diff(moments, axis=-1)[..., 0]
    middle = ends.mean(axis=1) - segment.start_ns
    centred = second - 2 * middle * first + middle**2 * zeroth
    mean = zeroth / lengths_ns
    return np.stack([mean, (first - middle * zeroth) / lengths_ns**2, centred / lengths_ns**3 - mean / 12])


def _rotation(couplings: NDArray[np.complex128], times_us: NDArray[np.float64]) -> NDArray[np.complex128]:
    """exp(-i t [[0, c*], [c, 0]]) for each coupling c and time t."""
    strengths = np.abs(couplings)
    directions = np.divide(couplings, strengths, out=np.zeros_like(couplings), where=strengths > 0)
    lower = -1j * directions * np.sin(strengths * times_us)
    matrices = np.empty((*couplings.shape, 2, 2), dtype=np.complex128)
    matrices[..., 0, 0] = matrices[..., 1, 1] = np.cos(strengths * times_us)
    matrices[..., 1, 0] = lower
    matrices[..., 0, 1] = -lower.conj()
    return matrices
