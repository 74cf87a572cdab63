"""`runner plan`."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from runner.cli import late_imports, options
from runner.cli.exit_code_choice import after_plan
from runner.cli.output import print_json, print_text, say
from runner.cli.render.plan_markdown import plans_markdown, print_changes
from runner.errors import UsageError
from runner.project.config.repository import find_root
from runner.project.config.targets import environment
from runner.project.revisions.commit_files import below_top, commits
from runner.project.revisions.compare import Comparing, compared
from runner.reconcile.display.plan_text import plan_lines, plan_objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.project.revisions.changes import Changes
    from runner.reconcile import Plan


@click.command()
@options.experiments(required=False)
@options.output("table", "json", "markdown")
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 0 for no changes, 2 for changes, 1 for errors."
)
@click.option(
    "-O",
    "--save",
    metavar="FILE",
    type=options.FILE,
    help="Save the plan; `runner apply FILE` then performs exactly it.",
)
@click.option("--rev", metavar="A..B", help="What B changes of A; A...B from where B left A. Runs no Python.")
@click.option("--offline", is_flag=True, help="With --rev: ask no cloud; what is done is by A's records.")
def plan(
    chosen: options.Chosen,
    form: str,
    detailed_exitcode: bool,
    save: Path | None,
    rev: str | None,
    offline: bool,
) -> int:
    """Show what apply would do, why, and what it would cost; changes nothing.

    Without FILE, for all experiment files of the repository.

    QPU time is an estimate: 100 runs take about 2 minutes. Emulators cost none.

    With --rev, what a pull request would buy: settings and records are those of A, and nothing of B is run.
    Its JSON has `experiments` (each with name, kind, former, added, removed, resized, jobs, done, cost,
    at_most, cancels, left, differences, warnings, problems), `unchanged`, `cost`, `at_most` (in all, as
    results come back; null where nothing bounds it), `notes` and `asked_cloud`.
    The exit code is 1 where a file of B is invalid. All that -o markdown quotes is escaped.
    """
    if rev is not None:
        if save:
            raise UsageError("-O saves a plan of the files that are here", hint="leave out -O or --rev")
        found = _compared(rev, chosen, asks_cloud=not offline)
        print_changes(found, form)
        return after_plan(
            is_detailed=detailed_exitcode, has_changes=found.has_effect, is_invalid=found.is_invalid
        )
    if offline:
        raise UsageError("--offline goes by the records of a commit", hint="say --rev A..B")
    project, experiments = options.opened(chosen, asks_cloud=True)
    planned = project.look(experiments, sees_removed=save is None)
    plans = [each.plan for each in planned]
    if save:
        late_imports.write_plan(save, late_imports.plan_to_save(project, experiments, planned))
        say(f"saved; `runner apply {quote(str(save))}` performs exactly this plan")
    if form == "json":
        print_json(plan_objects(plans))
    elif form == "markdown":
        print_text(plans_markdown(plans).rstrip("\n"))
    else:
        print_plans(plans)
    return after_plan(is_detailed=detailed_exitcode, has_changes=any(each.actions for each in plans))


def _compared(rev: str, chosen: options.Chosen, *, asks_cloud: bool) -> Changes:
    here = Path.cwd().resolve()
    root = find_root(here)
    sides = commits(root, rev, takes_merge_base=True)
    if len(sides) != len("AB"):
        raise UsageError(f"--rev {rev}: a plan is of what changes between two commits", hint="say A..B")
    if options.python_allowed():
        say("note: --allow-python has no effect with --rev: the code may be a stranger's")
    how = Comparing(
        root=root,
        prefix=below_top(root),
        paths=tuple(_below(here / path, root) for path in chosen.paths),
        selection=chosen.selection,
        target=chosen.target,
        environ=environment(),
        asks_cloud=asks_cloud,
    )
    return compared(sides[0], sides[1], how)


def _below(path: Path, root: Path) -> Path:
    """A path from the root, by its words alone: links of the work tree are not followed."""
    whole = Path(os.path.normpath(path))
    if not whole.is_relative_to(root):
        raise UsageError(f"{path}: is not in the repository {root}")
    return whole.relative_to(root)


def print_plans(plans: Sequence[Plan]) -> None:
    """Plans for people."""
    for each in plans:
        for line in plan_lines(each):
            print_text(line)
