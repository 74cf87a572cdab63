"""`runner results`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Unpack

import click

from runner.cli import options
from runner.cli.commands.results_options import ViewWords, view_of
from runner.cli.commands.results_show import compare, compare_two, show_results
from runner.cli.commands.results_verify import verify_records
from runner.cli.output import say
from runner.cli.render.results_forms import Form, check_place
from runner.errors import UsageError
from runner.project.api import Declared
from runner.project.revisions.commit_files import commits, experiments_at, keeps_records, project_at
from runner.project.views.selection import selected_names
from runner.results.export.sheets import Errors

if TYPE_CHECKING:
    from runner.cli.commands.results_options import ResultsView


@click.command()
@options.experiments()
@click.option(
    "--where", metavar="CONDITION", help="Only jobs of which it holds, as 'omega > 2 and t_ns in (100, 200)'."
)
@click.option(
    "--status", "statuses", metavar="STATUS,…", multiple=True, help="Only jobs of these. May be repeated."
)
@click.option("--columns", metavar="NAME,…", multiple=True, help="Fields, variables and observables to show.")
@click.option("--long", is_flag=True, help="One row for each job and bitstring, with its count and share.")
@click.option(
    "--errors",
    type=click.Choice([str(each) for each in Errors]),
    help="Where standard errors stand.  [default: inline in table and md, else columns]",
)
@click.option("--rev", metavar="A..B|A", help="What two commits, or one, had: files, and records if tracked.")
@click.option("--side-by-side", is_flag=True, help="Two experiments job by job, with their differences.")
@click.option("--only-changed", is_flag=True, help="With --rev A..B: leave out jobs that are as they were.")
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice([str(each) for each in Form]),
    help="How data is written.  [default: as FILE of -O ends, else table]",
)
@click.option("-O", "--save", metavar="FILE", type=options.FILE, help="Write into a file.")
@click.option("--verify", is_flag=True, help="Only check that the records are as they were written.")
@click.option(
    "--repair", is_flag=True, help="Mend what merges and reverts left in the records; then --verify."
)
def results(
    chosen: options.Chosen,
    rev: str | None,
    side_by_side: bool,
    verify: bool,
    repair: bool,
    **words: Unpack[ViewWords],
) -> int | None:
    """Show what came back: each job with its variables, runs, status and most frequent bitstrings.

    Reads the records in the repository and asks no cloud. What was measured at other targets is never among
    it; --target shows that of another one. Character i of a bitstring is qubit i of the register's order;
    what 1 is, the measured basis says, below the table. The counts of jobs that measured the same point are
    added up.

    \b
    Names in --where and --columns:
      fields        job, status, runs, measured, counts, most_frequent, device_type,
                    basis, recipe, key, rerun, duration_ns, n_qubits, qubit_ids, job_ids,
                    batch_ids, errors, created_at, started_at, ended_at, experiment,
                    target
      variables     omega, v[0]; `variables` stands for all
      observables   occupation and magnetization (means over all qubits), those of
                    one qubit as occupation[q0], of each as occupation[*];
                    correlation[q0,q1]; probability[0101]; staggered_magnetization,
                    correlation_at[UM], structure_factor[K], cost[Q], cvar[PART,NAME] and
                    more, as `runner plot --help` says them

    Errors are one standard error; in columns the ends of the interval of 68 % (Jeffreys) stand beside them,
    <name>_low and <name>_high. Neither is 0 where all runs agree.

    --where compares them by == != < <= > >= and in (…), with and, or, not and brackets. With --rev A..B,
    observables among the columns are told by their differences (1σ errors; runs that both have count once).

    With --side-by-side, the jobs of two experiments that measured the same point stand in one row, as before
    and after do with --rev: what changes with the noise, with the emulator, with a pulse.

    Exit codes, of the jobs shown: 0 all wanted runs are measured; 5 some are missing and apply may still
    bring them; 3 what is missing failed for good, was cancelled, or has no result that can be right. A
    comparison of two commits gives 0.

    With --verify, digests and sums of everything on record for the experiments are computed anew, and what is
    not as it was recorded is told with its place; the exit code is 1 then.

    With --repair, what is known is put back first, and told: a manifest that is missing or broken, from a
    copy in .runner, from git, or from the file; a broken line, as git has it; lines that a merge left between
    others; and of jobs that are on record twice and say the same, one is kept. Nothing is guessed: a line of
    which nothing better is known stays. Each file that is changed is kept as it was in .runner/repaired.
    """
    if verify or repair:
        return verify_records(chosen, words["form"], repairs=repair)
    view = view_of(**words)
    check_place(view.form, view.save)
    if rev is not None:
        return _show_commits(chosen, rev, view)
    if view.only_changed and not side_by_side:
        raise UsageError("--only-changed leaves out what two commits have alike", hint="say --rev A..B")
    project, experiments = options.opened(chosen)
    if side_by_side:
        compare_two([Declared(project, each) for each in experiments], view)
        return None
    return show_results([Declared(project, each) for each in experiments], view)


def _show_commits(chosen: options.Chosen, rev: str, view: ResultsView) -> int | None:
    """Shows what one commit had, or two side by side; gives the exit code."""
    project = options.project(chosen.paths[0], chosen.target)
    meant = commits(project.root, rev)
    # Where one of two commits had records and the other none yet, both are told as they were.
    is_from_disk = not any(keeps_records(project, commit) for commit in meant)
    if is_from_disk:
        say("git kept no records there: files are those of the commit, records those on disk")
    with ExitStack() as stack:
        pasts = [
            stack.enter_context(project_at(project, commit, target=chosen.target, is_from_disk=is_from_disk))
            for commit in meant
        ]
        by_commit = [
            {each.name: each for each in experiments_at(project, past, chosen.paths, commit)}
            for past, commit in zip(pasts, meant, strict=True)
        ]
        known = dict.fromkeys(name for some in by_commit for name in some)
        if not known:
            said = " or ".join(commit.name for commit in meant)
            raise UsageError(f"{', '.join(map(str, chosen.paths))}: no experiment was there at {said}")
        names = selected_names(list(known), chosen.selection)
        if len(meant) == 1:
            return show_results([by_commit[0][name] for name in names], view)
        compare(names, by_commit, view)
    return None
