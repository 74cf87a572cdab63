"""`runner report`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from runner.cli import late_imports, options
from runner.cli.exit_code_choice import after_results
from runner.cli.output import say
from runner.cli.output_files import write_file
from runner.cli.render.shortfall import say_elsewhere
from runner.project.api import Declared
from runner.results.report import extent, page


@click.command()
@options.file
@options.target
@options.allow_python
@click.option(
    "--job",
    metavar="NAME",
    help="Job that is drawn.  [default: the best of a strategy, else the one with most 1s]",
)
@click.option(
    "-o",
    "--output",
    "page_path",
    metavar="OUT",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Where the page is written; - for stdout.  [default: NAME.html here, as the experiment is called]",
)
def report(file: Path, target: str | None, job: str | None, page_path: Path | None) -> int:
    """Write what an experiment was, and what came back of it, as one page of HTML.

    The page holds what ran, register and pulses, the jobs with their results, and where all of it came from.
    Register, pulses and bitstrings are those of one job: the one that --job names, else the one whose qubits
    were measured as 1 most often; where nothing is measured yet, the first one that plays a pulse.

    The page opens in any browser without a network, can be printed, and is the same for the same records.
    What is not measured yet is said on top. It is about one target, which it names. Reads the records in the
    repository and asks no cloud.

    Exit codes: 0 all wanted runs are measured; 5 some are missing and apply may still bring them; 3 what is
    missing failed for good or was cancelled. The page is written in any case.
    """
    project, experiment = options.opened_file(file, target)
    what = late_imports.report_of(project, experiment, job)
    content = page(what).encode()
    say_elsewhere(Declared(project, experiment))
    if page_path == Path("-"):
        sys.stdout.buffer.write(content)
    else:
        path = page_path or Path(f"{experiment.name}.html")
        write_file(path, content)
        say(f"{path}: written; {extent(what.results).lower()}")
    return after_results([(Declared(project, experiment), what.results)])
