"""`runner show`."""

from __future__ import annotations

import math
import shutil
import sys
from typing import TYPE_CHECKING, Final

import click

from runner.cli import options
from runner.cli.output import say, values_text
from runner.cli.output_files import write_file
from runner.cli.render.pulses import channel_lines, short
from runner.cli.render.register import register_lines
from runner.domain.ascii import in_encoding
from runner.domain.numerals import grouped
from runner.project.drawings.blockade_choice import blockade
from runner.project.views.describe import picture_of, shown
from runner.results.plots.register_layout import pairs_within
from runner.results.text_plots.signs import signs_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from runner.domain import Budget
    from runner.project.drawings.blockade_choice import AskedBlockade
    from runner.project.views.describe import Shown
    from runner.results.plots.picture import Blockade
    from runner.results.text_plots.signs import Signs

_WIDEST: Final = 110
_JOBS: Final = 20
_MINUTE_S: Final = 60.0


@click.command()
@options.file
@options.allow_python
@click.option("--job", metavar="NAME", help="Job that is shown.  [default: the first that plays a pulse]")
@options.picture("picture")
@options.blockade
@options.width("drawings may be")
def show(file: Path, job: str | None, path: Path | None, asked: AskedBlockade, width: int | None) -> None:
    """Show what an experiment file means.

    Prints what it asks for, its register and the pulses of one job drawn in characters, and its jobs; with
    -o, writes register and pulses as a picture. Sends nothing.

    Pulses are drawn as they are programmed, which is what an emulator plays. A QPU plays what its modulators
    make of them, and so does an emulator with `with_modulation`. A picture shows both, and says which is
    played.

    The blockade radius is where two atoms interact as strongly as they are driven, C6/r⁶ = Ω; Ω is the
    highest amplitude of the job, or what --rabi-frequency says.
    """
    project, experiment = options.opened_file(file)
    experiment = project.recalled(experiment)
    if path is not None:
        write_file(path, picture_of(experiment, job, form=path.suffix.lower()[1:], asked=asked))
        say(f"{path}: written")
        return
    encoding = sys.stdout.encoding
    what = shown(experiment, job)
    known = blockade(what.played, asked)
    lines = shown_lines(what, width=width or _width(), signs=signs_for(encoding), blockade=known)
    sys.stdout.write("".join(f"{in_encoding(line, encoding)}\n" for line in lines))


def _width() -> int:
    return max(min(shutil.get_terminal_size().columns, _WIDEST), options.NARROWEST)


def shown_lines(what: Shown, *, width: int, signs: Signs, blockade: Blockade | None = None) -> list[str]:
    """Everything, line by line. Pure."""
    lines = [*_facts(what), "", f"Register: {grouped(len(what.played.atoms), 'atom')}", ""]
    lines += register_lines(what.played.atoms, what.played.traps_um, width=width, signs=signs)
    lines += _blocked(what, blockade)
    name = f"Job {what.job.name}" if what.job in what.jobs else "A job in the middle of what is varied"
    lines += ["", f"{name}: {what.played.duration_ns} ns"]
    for channel in what.played.channels:
        lines += ["", *channel_lines(channel, width=width, signs=signs)]
    counts = f"{grouped(len(what.jobs), 'job')}, {grouped(what.runs, 'run')}"
    return [*lines, "", counts, *(_jobs(what, width) if what.jobs else ())]


def _blocked(what: Shown, known: Blockade | None) -> Iterator[str]:
    """The blockade radius, and how many pairs of atoms are within it."""
    if known:
        atoms = what.played.atoms
        pairs = sum(1 for _ in pairs_within([atom.position_um for atom in atoms], known.radius_um))
        within = f"{pairs:,} of {grouped(math.comb(len(atoms), 2), 'pair')} within it"
        yield f"{known.radius_said}; {within}"


def _facts(what: Shown) -> Iterator[str]:
    description = "".join(letter if letter.isprintable() else " " for letter in what.description).strip()
    yield what.name + (f": {description}" if description else "")
    yield f"runs on   {what.device_type}, as {what.played.device}"
    if what.emulation:
        yield f"emulated  {what.emulation}"
    yield f"recipe    {what.recipe[:16]}"
    if what.strategy is not None:
        yield f"strategy  {what.strategy.kind}: {what.strategy}"
    yield f"cost      {_cost(what)}"
    yield f"budget    {_budget(what.budget)}"
    for line, said in what.frequencies:
        yield f"line {line:<4} {said}"


def _cost(what: Shown) -> str:
    qpu = f"about {short(what.qpu_s / _MINUTE_S)} min of QPU time" if what.qpu_s else "no QPU time"
    so_far = " so far" if what.strategy else ""
    return f"{grouped(what.runs, 'run')}{so_far}, {qpu}"


def _budget(budget: Budget) -> str:
    said = [
        f"{grouped(budget.runs, 'run')}" if budget.runs is not None else "",
        f"{grouped(budget.jobs, 'job')}" if budget.jobs is not None else "",
        f"{short(budget.qpu_s / _MINUTE_S)} min of QPU time" if budget.qpu_s is not None else "",
    ]
    return ", ".join(filter(None, said)) or "no limit"


def _jobs(what: Shown, width: int) -> list[str]:
    """The first jobs as a table; variables come last, since there may be many."""
    rows = [("job", "runs", "ns", "variables")]
    rows += [
        (
            job.name,
            f"{job.runs:,}",
            "–" if job.duration_ns is None else f"{job.duration_ns:,}",
            values_text(job.variables),
        )
        for job in what.jobs[:_JOBS]
    ]
    rest = len(what.jobs) - _JOBS
    lines = [line if len(line) <= width else f"{line[: width - 1]}…" for line in _table(rows)]
    return [*lines, *([f"… and {rest} more: runner jobs"] if rest > 0 else [])]


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
