"""`runner import`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.cli.output import say
from runner.project.edit.convert import experiment_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.sequences.import_abstract import Imported

_ADVICE = (
    "the sequence and its device are the same; look at runs and variables of its job before you apply it"
)


@click.command("import")
@click.argument("sequence", metavar="SEQUENCE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--name", metavar="NAME", help="Name of the experiment.  [default: that of the file]")
@click.option(
    "--device-type",
    metavar="TYPE",
    help="What is to run it.  [default: the first of EMU_FREE, EMU_SV and EMU_MPS that can]",
)
@click.option(
    "--measure",
    metavar="BASIS",
    type=click.Choice(["ground-rydberg", "digital", "XY"]),
    help="Measure this basis: ground-rydberg, digital or XY; for a sequence that does not say which.",
)
@click.option(
    "--device-file",
    metavar="FILE",
    type=options.FILE,
    help="Write the device to FILE; the printed file names it, by the path from where that one stands.",
)
def import_(
    sequence: Path, name: str | None, device_type: str | None, measure: str | None, device_file: Path | None
) -> None:
    """Print an experiment file that writes out a sequence in abstract representation.

    SEQUENCE is a file as Pulser's Sequence.to_abstract_repr writes it. The sequence of the printed file is
    exactly the same, and its device too: one that is not quite Pulser's is said with what is other, as in
    {of: MockDevice, rydberg_level: 50}, or is kept in a file of its own, with --device-file. The one job has
    the values that the representation proposes, or, in place of zeros that no job can have, values of which
    one can be built: put yours. What is left out, chosen, or still to be mended is told.
    """
    found = experiment_from(
        sequence, name=name, device_type=device_type, measure=measure, device_file=device_file
    )
    sys.stdout.write(found.text)
    for line in _remarks(found):
        say(line)


def _remarks(found: Imported) -> Iterator[str]:
    """What a person should know of the printed file."""
    if found.is_named:
        yield "the sequence only names its device: what the printed file means is the one that Pulser has now"
    if found.unused:
        yield f"left out, for no operation uses them: the variables {', '.join(found.unused)}"
    if found.chosen:
        values = ", ".join(f"{name}: {value}" for name, value in found.chosen.items())
        yield f"chosen, for the sequence proposes zeros that can't be built: {values}"
    for problem in found.problems:
        yield f"line {problem.line} of the printed file is refused as it stands: {problem.message}"
    yield _ADVICE
