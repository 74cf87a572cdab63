"""`runner apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.cli.commands.plan import print_plans
from runner.cli.commands.results_show import result_object
from runner.cli.exit_code_choice import after_apply
from runner.cli.output import print_json, say
from runner.cli.render.progress import ApplyProgress
from runner.cli.render.results_table import print_tables, summary
from runner.errors import UsageError
from runner.project.answers import ENDS
from runner.project.api import Declared
from runner.project.plan.saved_plan import Application, is_plan, read_plan
from runner.reconcile import End, Patience
from runner.reconcile.display.plan_text import action_lines, job_line, note_lines, plan_objects

if TYPE_CHECKING:
    from runner.reconcile import Outcome


@click.command()
@options.experiments()
@options.output("table", "json")
@click.option("--yes", is_flag=True, help="Do not ask before spending; the local cloud never asks.")
@click.option(
    "--no-wait", is_flag=True, help="Return once everything is submitted; of a strategy, one round."
)
@click.option("--timeout", metavar="SECONDS", type=options.SECONDS, help="Longest wait (in s).")
def apply(chosen: options.Chosen, form: str, yes: bool, no_wait: bool, timeout: float | None) -> int:
    """Make the cloud match the files, wait for the jobs, and record what comes back.

    Submits only what is missing: a file that is applied again sends nothing, two jobs more send those two,
    and a job raised from 500 to 800 runs buys 300. It may be interrupted at any moment and run again.

    FILE may be a plan that `runner plan -O` has saved. Exactly it is performed then, unasked: it is refused
    when a file or the cloud has moved since, and no job is bought that it does not name, no retry either.
    """
    patience = Patience(timeout_s=timeout, until_done=not no_wait)
    if any(map(is_plan, chosen.paths)):
        application = _saved(chosen)
    else:
        project, experiments = options.opened(chosen, asks_cloud=True)
        application = Application(project=project, experiments=experiments)
        if not project.target.is_local and not yes:
            _ask(application)
    with ApplyProgress() as progress:
        outcome = application.run(patience, progress.watch)
    if form == "json":
        print_json(_object(application, outcome))
    else:
        _print(application, outcome)
    return after_apply(outcome, is_promised=application.saved is not None)


def _saved(chosen: options.Chosen) -> Application:
    """A saved plan, in the repository around the working folder."""
    if len(chosen.paths) > 1 or chosen.selection:
        raise UsageError(
            "a saved plan is performed as it is: without other files, --only or --exclude",
            hint="choose when you save it: `runner plan -O FILE --only NAME`",
        )
    saved = read_plan(chosen.paths[0])
    project = options.project(target_name=chosen.target or saved.target.name, asks_cloud=True)
    return Application.of_plan(project, saved)


def _ask(application: Application) -> None:
    plans, target = application.plans(), application.project.target_name
    if not any(plan.actions for plan in plans):
        return
    hint = "say --yes, after `runner plan` has shown what it costs"
    options.must_be_asked(f" before spending on the target {target}", hint)
    print_plans(plans)
    options.confirm(f"Apply this to {target}?")


def _print(application: Application, outcome: Outcome) -> None:
    project, experiments = application.project, application.experiments
    for experiment, plan in zip(experiments, outcome.plans, strict=False):
        if results := Declared(project, experiment).results():
            print_tables([summary(experiment.name, results)])
        say(f"{plan.experiment}: {plan.sync}, {plan.health}; {job_line(plan)}")
        for line in (*action_lines(plan), *note_lines(plan)):
            say(line)
    for plan in outcome.plans[len(experiments) :]:
        say(f"{plan.experiment}: {'; '.join(plan.notes)}")
    if outcome.end is End.PATIENCE:
        say(ENDS[outcome.end], style="yellow")
    say(f"records are in {project.settings.results}/")


def _object(application: Application, outcome: Outcome) -> dict[str, object]:
    return {
        "end": outcome.end,
        "plans": plan_objects(outcome.plans),
        "results": {
            each.name: [result_object(job) for job in Declared(application.project, each).results()]
            for each in application.experiments
        },
    }
