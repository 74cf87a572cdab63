"""The sequence of a file → a Pulser `Sequence` → its abstract representation, with every job built once.

What belongs here: everything that needs Pulser to say what a file means and whether a device can do it.
What does not: running a sequence, and anything that knows a cloud. Pulser takes a second to import, so that
importing this package does not import it; compiling does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.sequences.compiled import Compiled, Former, Nothing
from runner.sequences.pulser_api.device_specs import NoSpecifications

if TYPE_CHECKING:
    from runner.sequences.pulser_api.device_specs import Specifications
    from runner.spec import ExperimentFile

__all__ = ["Compiled", "Former", "Nothing", "compiled"]


def compiled(
    file: ExperimentFile, specifications: Specifications | None = None, former: Former | None = None
) -> Compiled:
    """What a file asks for, with every job built by Pulser.

    Args:
        specifications: What the target's device types can do; None where there is no target.

        former: Remembers jobs that were built before; those are not built again.

    Raises:
        SpecError: With every problem of the sequence and of the jobs, each at its place in the file.
    """
    from runner.sequences.compiler import compiled as compiled_with_pulser  # noqa: PLC0415  (imports Pulser)

    return compiled_with_pulser(file, specifications or NoSpecifications(), former or Nothing())
