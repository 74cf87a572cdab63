"""Spares QuTiP from rebuilding its dispatch tables four times a job.

Pulser 1.9 makes the operators of a single qubit under `qutip.CoreOptions(default_dtype="CSR")`, twice a job,
and whenever the option is set or set back QuTiP rebuilds all of its tables: 60 ms of the 65 ms that a job
of two atoms takes. The operators depend on the names of the qubit's states alone, so that they are kept.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pulser_simulation.hamiltonian import Hamiltonian

_METHOD = "_get_basis_op_matrices"


def keep_basis_operators() -> None:
    """Let Pulser compute the operators of a qubit once a process; nothing happens if it has changed."""
    plain = Hamiltonian.__dict__.get(_METHOD)
    if not isinstance(plain, staticmethod) or hasattr(plain.__func__, "is_kept"):
        return

    @lru_cache(maxsize=16)
    def kept(eigenbasis: tuple[str, ...]) -> Any:
        return plain.__func__(list(eigenbasis))

    def basis_op_matrices(eigenbasis: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        basis, operators = kept(tuple(eigenbasis))
        return dict(basis), dict(operators)

    basis_op_matrices.is_kept = True  # type: ignore[attr-defined]
    setattr(Hamiltonian, _METHOD, staticmethod(basis_op_matrices))
