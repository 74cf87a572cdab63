"""`runner fmt`."""

from __future__ import annotations

import sys
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.cli.exit_code_choice import after_check
from runner.cli.output import print_text, say
from runner.domain.numerals import counted
from runner.errors import SpecError, UsageError
from runner.project import Project
from runner.project.edit.format import formatted_text, forms_of
from runner.project.edit.reruns import Edit, write_edit

if TYPE_CHECKING:
    from runner.project.edit.format import Forms

_STDIN = Path("-")


@click.command()
@options.files(required=False)
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1 and name the files that would change."
)
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
def fmt(paths: tuple[Path, ...], check: bool, diff: bool) -> int:
    """Write experiment files in one form.

    Indentation, spaces and the order of keys are put right in each FILE (a folder stands for all files in it,
    none for the repository); comments, blank lines, quotes, numbers, braces and all values stay. A file that
    cannot be read is reported and left alone. - stands for stdin, which is written in form to stdout.
    """
    if _STDIN in paths:
        return _from_stdin(paths, check=check, diff=diff)
    forms = forms_of(Project.open(paths[0] if paths else None), paths)
    for edit in forms.edits:
        if diff:
            _print_diff(edit)
        if check:
            print_text(f"{edit.path}: is not in form")
        if not (check or diff):
            write_edit(edit)
            print_text(f"{edit.path}: put into form")
    _sum_up(forms, is_done=not (check or diff))
    if forms.problems:
        raise SpecError(forms.problems)
    return after_check(is_in_order=not (check and forms.edits))


def _sum_up(forms: Forms, *, is_done: bool) -> None:
    rest = forms.files - len(forms.edits)
    changed = f"{counted(len(forms.edits), 'file')} {'put' if is_done else 'would be put'} into form, "
    say(f"{changed if forms.edits else ''}{counted(rest, 'file')} in form already")


def _from_stdin(paths: tuple[Path, ...], *, check: bool, diff: bool) -> int:
    if len(paths) > 1:
        raise UsageError("- stands alone: what is read from stdin is written to stdout")
    before = sys.stdin.buffer.read()
    after = formatted_text(Project.open(), before, path="<stdin>")
    if diff:
        _print_diff(Edit(path=Path("<stdin>"), before=before, after=after, about=""))
    elif not check:
        sys.stdout.buffer.write(after)
    return after_check(is_in_order=not check or before == after)


def _print_diff(edit: Edit) -> None:
    old, new = (text.decode("utf-8-sig").splitlines() for text in (edit.before, edit.after))
    for line in unified_diff(old, new, str(edit.path), f"{edit.path} in form", lineterm=""):
        print_text(line)
