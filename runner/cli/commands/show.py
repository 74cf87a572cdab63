"""`runner show`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from runner.cli import options
from runner.cli.exit_codes import Exit
from runner.cli.output import say, values_text
from runner.cli.output_files import write_file
from runner.cli.render.glyphs import glyphs_for, short
from runner.cli.render.pulses import channel_lines
from runner.cli.render.register import register_lines
from runner.domain.ascii import in_encoding
from runner.errors import UsageError
from runner.project.views.describe import picture_of, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.cli.render.glyphs import Glyphs
    from runner.domain import Budget
    from runner.project.views.describe import Shown

_FORMS: Final = (".png", ".svg", ".pdf")
_WIDEST: Final = 110
_NARROWEST: Final = 30
_JOBS: Final = 20
_MINUTE_S: Final = 60.0


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options.allow_python
@click.option("--job", metavar="NAME", help="Job whose pulses are shown.  [default: the first]")
@click.option(
    "-o",
    "--output",
    "picture",
    metavar="OUT",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a picture instead; its ending says what kind: .png, .svg or .pdf.",
)
@click.option(
    "--width",
    metavar="COLUMNS",
    type=click.IntRange(min=_NARROWEST),
    help="How wide drawings may be.  [default: as the terminal]",
)
def show(file: Path, job: str | None, picture: Path | None, width: int | None) -> int:
    """Show what an experiment file means.

    Prints what it asks for, its register and the pulses of one job drawn in characters, and its jobs; with
    -o, writes register and pulses as a picture, drawn by Pulser. Sends nothing.
    """
    if picture is not None and picture.suffix.lower() not in _FORMS:
        raise UsageError(f"{picture}: no picture is called so", hint=f"end it in {', '.join(_FORMS)}")
    _, (experiment,) = options.opened((file,), None)
    if picture is not None:
        write_file(picture, picture_of(experiment, job, form=picture.suffix.lower()[1:]))
        say(f"{picture}: written")
        return Exit.DONE
    encoding = sys.stdout.encoding
    lines = shown_lines(shown(experiment, job), width=width or _width(), glyphs=glyphs_for(encoding))
    sys.stdout.write("".join(f"{in_encoding(line, encoding)}\n" for line in lines))
    return Exit.DONE


def _width() -> int:
    return max(min(shutil.get_terminal_size().columns, _WIDEST), _NARROWEST)


def shown_lines(what: Shown, *, width: int, glyphs: Glyphs) -> list[str]:
    """Everything, line by line. Pure."""
    lines = [*_facts(what), "", f"Register: {_count(len(what.played.atoms), 'atom')}", ""]
    lines += register_lines(what.played.atoms, what.played.traps_um, width=width, glyphs=glyphs)
    lines += ["", f"Job {what.job.name}: {what.played.duration_ns} ns"]
    for channel in what.played.channels:
        lines += ["", *channel_lines(channel, width=width, glyphs=glyphs)]
    return [*lines, "", f"{_count(len(what.jobs), 'job')}, {_count(what.runs, 'run')}", *_jobs(what, width)]


def _facts(what: Shown) -> Iterator[str]:
    description = "".join(letter if letter.isprintable() else " " for letter in what.description).strip()
    yield what.name + (f": {description}" if description else "")
    yield f"runs on   {what.device_type}, as {what.played.device}"
    yield f"recipe    {what.recipe[:16]}"
    yield f"cost      {_cost(what)}"
    yield f"budget    {_budget(what.budget)}"


def _cost(what: Shown) -> str:
    qpu = f"about {short(what.qpu_s / _MINUTE_S)} min of QPU time" if what.qpu_s else "no QPU time"
    return f"{_count(what.runs, 'run')}, {qpu}"


def _budget(budget: Budget) -> str:
    said = [
        f"{_count(budget.runs, 'run')}" if budget.runs is not None else "",
        f"{_count(budget.jobs, 'job')}" if budget.jobs is not None else "",
        f"{short(budget.qpu_s / _MINUTE_S)} min of QPU time" if budget.qpu_s is not None else "",
    ]
    return ", ".join(filter(None, said)) or "no limit"


def _jobs(what: Shown, width: int) -> list[str]:
    """The first jobs as a table; variables come last, since there may be many."""
    rows = [("job", "runs", "ns", "variables")]
    rows += [
        (job.name, f"{job.runs:,}", f"{job.duration_ns or 0:,}", values_text(job.variables))
        for job in what.jobs[:_JOBS]
    ]
    rest = len(what.jobs) - _JOBS
    lines = [line if len(line) <= width else f"{line[: width - 1]}…" for line in _table(rows)]
    return [*lines, *([f"… and {rest} more: runner jobs"] if rest > 0 else [])]


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
