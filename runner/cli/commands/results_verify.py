"""`runner results --verify` and `--repair`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli import options
from runner.cli.exit_code_choice import after_check
from runner.cli.output import print_json, print_text, say
from runner.cli.render.results_forms import Form
from runner.domain.json_values import plain_object
from runner.domain.numerals import counted
from runner.errors import UsageError
from runner.project.edit.record_repairs import Repair, plain_repair, repaired

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.cli.options import Chosen
    from runner.project import Experiment, Project
    from runner.results import Verdict

    Repairs = Mapping[str, Sequence[Repair]]


def verify_records(chosen: Chosen, form: str | None, *, repairs: bool) -> int:
    """Tells what is not as it was recorded, and what was mended before; answers the exit code.

    Raises:
        UsageError: The form is none for flaws.

        JournalError: Something is to be mended, and another runner works in this checkout.
    """
    verb = "--repair" if repairs else "--verify"
    if form not in {None, Form.TABLE, Form.JSON, Form.JSONL, Form.CSV}:
        raise UsageError(f"{verb} tells flaws as a table or JSON", hint="say -o json")
    project, experiments = options.opened(replace(chosen, target=None))
    mended = _mended(project, experiments) if repairs else {}
    verdicts = {each.name: project.recorded.verdict(each) for each in experiments}
    if form in {None, Form.TABLE}:
        _print(verdicts, mended, repairs=repairs)
    else:
        _print_data(verdicts, mended, repairs=repairs)
    return after_check(is_in_order=not any(verdict.flaws for verdict in verdicts.values()))


def _mended(project: Project, experiments: Sequence[Experiment]) -> dict[str, list[Repair]]:
    with project.journal_locked("results --repair"):
        return {each.name: repaired(project, each) for each in experiments}


def _print(verdicts: Mapping[str, Verdict], mended: Repairs, *, repairs: bool) -> None:
    for name, verdict in verdicts.items():
        for each in mended.get(name, ()):
            kept = f"; before: {_from_here(each.kept)}" if each.kept else ""
            print_text(f"{_from_here(each.path)}: {each.message}{kept}")
        if repairs and not mended.get(name):
            print_text(f"{name}: nothing to repair" + (" of what is known" if verdict.flaws else ""))
        for flaw in verdict.flaws:
            print_text(str(replace(flaw, path=_from_here(flaw.path))))
        flaws = counted(len(verdict.flaws), "flaw") if verdict.flaws else "all as it was recorded"
        print_text(f"{name}: {counted(verdict.lines, 'job')} in {counted(verdict.files, 'file')}; {flaws}")
    if any(verdict.flaws for verdict in verdicts.values()):
        way = "" if repairs else "`runner results --repair` puts back what is known; else "
        say(f"hint: {way}restore what git has; the file of a batch that is deleted is fetched again by apply")


def _print_data(verdicts: Mapping[str, Verdict], mended: Repairs, *, repairs: bool) -> None:
    print_json(
        {
            name: {
                **plain_object(verdict),
                "flaws": [{**plain_object(each), "path": str(each.path)} for each in verdict.flaws],
                **({"repairs": [plain_repair(each) for each in mended.get(name, ())]} if repairs else {}),
            }
            for name, verdict in verdicts.items()
        }
    )


def _from_here(path: Path) -> Path:
    """The path from the working folder, where it lies in it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
