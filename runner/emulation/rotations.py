"""Rotations of all atoms of a vector, as products of few matrices: those of some atoms together are one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# A matrix of four atoms has 16 rows: to make larger ones costs more than one product less saves.
_MOST_TOGETHER = 4

Group: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class AtomGroups:
    """The atoms of a register, in groups of neighbours.

    Args:
        kinds: The kind of each atom.
    """

    kinds: tuple[int, ...]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The kinds of the atoms of each group; the groups are as equal as can be."""
        n_groups = -(-len(self.kinds) // _MOST_TOGETHER)
        whole, rest = divmod(len(self.kinds), n_groups)
        ends = accumulate((whole + (index < rest) for index in range(n_groups)), initial=0)
        return tuple(self.kinds[start:end] for start, end in pairwise(ends))

    def matrices(self, atoms: NDArray[np.complex128]) -> list[NDArray[np.complex128]]:
        """The matrix of each group, transposed, from those of the atoms; groups that are alike share theirs.

        Args:
            atoms: Of shape (kinds, ..., 2, 2).
        """
        products = {group: _product(atoms, group) for group in set(self.groups)}
        return [products[group] for group in self.groups]

    def apply(
        self,
        matrices: Sequence[NDArray[np.complex128]],
        ket: NDArray[np.complex128],
        into: NDArray[np.complex128],
        spare: NDArray[np.complex128],
    ) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """A vector, with each atom multiplied by its matrix.

        Each product takes the slowest digits and makes them the fastest, so that after all of them the order
        is as it was.

        Args:
            matrices: One of each group.

            ket: The vector; it is left as it is, unless it is `spare`.

            into: Is written over.

            spare: Likewise; it may be the vector itself.

        Returns:
            The result, and the other one of the two that were written over.
        """
        for matrix in matrices:
            size = len(matrix)
            ket.reshape(size, -1).T.dot(matrix, into.reshape(-1, size))
            ket, into, spare = into, spare, into
        return ket, into


def _product(atoms: NDArray[np.complex128], group: Group) -> NDArray[np.complex128]:
    """The transposed tensor product of the matrices of a group: that of its halves, so that rows are long."""
    if len(group) == 1:
        return np.swapaxes(atoms[group[0]], -1, -2)
    half = len(group) // 2
    first = _product(atoms, group[:half])
    second = first if group[half:] == group[:half] else _product(atoms, group[half:])
    size = first.shape[-1] * second.shape[-1]
    product = first[..., :, None, :, None] * second[..., None, :, None, :]
    return product.reshape(*product.shape[:-4], size, size)
