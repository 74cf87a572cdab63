"""A solver for neutral atoms: rotations of single atoms, and a diagonal of detunings and interactions.

It is a backend of Pulser like others, and of use without a cloud: `SplitBackend(sequence, config=…).run()`.

`drive`: what acts on the atoms, as linear segments between jumps; `pulser_samples`: how Pulser's samples
say it.
`splitting`: the formula of one step; `rotations`: how it is applied to a vector; `propagation`: how long
steps may be, and how wrong the result is.
`kets`, `operators`: Pulser's states and operators, without QuTiP.
`backend`: all of that put together; `scope`: what it cannot do, which QuTiP does instead.

Importing this package imports nothing; its modules import Pulser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.lazy import lazy_names

if TYPE_CHECKING:
    from runner.emulation.backend import SplitBackend, SplitConfig

__all__ = ["SplitBackend", "SplitConfig"]

__getattr__ = lazy_names(__name__, dict.fromkeys(__all__, "runner.emulation.backend"))
