"""`runner plan`."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.cli.describe import action_lines, cost_text, job_line, plan_objects
from runner.cli.exits import Exit
from runner.cli.output import print_json, print_text, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.project import Selection
    from runner.reconcile import Plan


@click.command()
@options.files(required=False)
@options.selection
@options.target
@options.allow_python
@options.output("table", "json")
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 0 for no changes, 2 for changes, 1 for errors."
)
@click.option(
    "-O",
    "--save",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Save the plan; `runner apply FILE` then performs exactly it.",
)
def plan(  # noqa: PLR0913, PLR0917  (a word of the command line each)
    paths: tuple[Path, ...],
    selection: Selection,
    target: str | None,
    form: str,
    detailed_exitcode: bool,
    save: Path | None,
) -> int:
    """Show what apply would do, why, and what it would cost; changes nothing.

    Without FILE, for all experiment files of the repository.

    QPU time is an estimate: 100 runs take about 2 minutes. Emulators cost none.
    """
    project, experiments = options.opened(paths, target, selection, asks_cloud=True)
    deeds = project.look(experiments, sees_removed=save is None)
    plans = [deed.plan for deed in deeds]
    if save:
        from runner.project.plan_files import write_plan  # noqa: PLC0415  (takes a while to import)
        from runner.project.plans import plan_to_save  # noqa: PLC0415

        write_plan(save, plan_to_save(project, experiments, deeds))
        say(f"saved; `runner apply {quote(str(save))}` performs exactly this plan")
    if form == "json":
        print_json(plan_objects(plans))
    else:
        print_plans(plans)
    changes = any(each.actions for each in plans)
    return Exit.CHANGES if detailed_exitcode and changes else Exit.DONE


def print_plans(plans: Sequence[Plan]) -> None:
    """Plans for people."""
    for each in plans:
        print_text(f"{each.experiment}: {each.sync}, {each.health}; {job_line(each)}; {cost_text(each)}")
        for line in action_lines(each) or ["  nothing to do"]:
            print_text(line)
        for note in each.notes:
            print_text(f"  note: {note}")
