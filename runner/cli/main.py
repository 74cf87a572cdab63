"""Entry point: runs a verb, and turns every error into a message and an exit code."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from importlib import import_module
from typing import TYPE_CHECKING, Final

import click

import runner
from runner.cli import late_imports
from runner.cli.bug_reports import write_report
from runner.cli.exit_codes import Exit
from runner.cli.output import say
from runner.errors import RunnerError, SpecError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

# The verbs in the order of the help page, and how the help of each begins: that page imports none of them.
VERBS: Final = {
    "init": "Write a first experiment file and a runner.toml, ready to apply",
    "validate": "Check experiment files without sending anything",
    "fmt": "Write experiment files in one form",
    "show": "Show what an experiment file means",
    "jobs": "List the jobs that experiment files ask for",
    "plan": "Show what apply would do, why, and what it would cost",
    "apply": "Make the cloud match the files",
    "watch": "Keep the cloud matching the files",
    "sync": "Keep the cloud matching a branch of a git repository",
    "dashboard": "Serve pages where a lab looks",
    "status": "Show how experiments are",
    "results": "Show what came back",
    "plot": "Draw what came back",
    "report": "Write what an experiment was, and what came back of it, as one page",
    "cancel": "Cancel what is pending of these experiments",
    "rerun": "Ask for an experiment again, by editing its file",
    "resolve": "Decide what the runner cannot know",
    "adopt": "Take over batches that another tool has created",
    "history": "Show what was done, when, why and by whom",
    "gc": "Say what of the repository may go, how large it is and why",
    "devices": "List the target's device types, and what they can do",
    "schema": "Print a JSON Schema, draft 2020-12",
    "export": "Print the abstract representation of a file's sequence, as JSON",
    "import": "Print an experiment file that writes out a sequence",
    "local": "The cloud on this machine",
}

# Verbs that Python cannot take for a name of a module or a command.
_SPELT: Final = {"gc": ("gc", "gc_"), "import": ("import_", "import_")}
_ALLOCATIONS: Final = 200_000


class _Verbs(click.Group):
    """Imports a verb's module only when the verb is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in VERBS:
            return None
        module, name = _SPELT.get(cmd_name, (cmd_name, cmd_name))
        command: click.Command = getattr(import_module(f"runner.cli.commands.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            hint = late_imports.suggestion(args[0], VERBS, kind="verbs")
            raise click.UsageError(f"There is no verb {args[0]}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(runner.__version__, prog_name="runner")
def cli() -> None:  # the \b below is click's mark for lines that stay as they are
    """Run neutral-atom experiments that are declared in files.

    An experiment file says which jobs you want: a sequence, a device type, and values of its variables. The
    runner compares the files with what the cloud holds, submits what is missing, and records what comes
    back. Applying the same file again does nothing.

    \b
    Start here:
      runner init                    write a first experiment
      runner apply specs/            run it on the emulators of this machine
      runner results specs/first.yaml

    \b
    Exit codes: 0 done · 1 error · 2 plan found changes · 3 jobs failed for good · 4 held, a person must
    decide · 5 patience ended, or results still missing · 64 usage · 70 bug · 130 interrupted
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; answers its exit code and never raises."""
    _collect_seldom()
    _draw_into_files()
    try:
        result: object = cli.main(args=arguments, prog_name="runner", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return Exit.USAGE if isinstance(error, click.UsageError) else Exit.ERROR
    except (click.Abort, KeyboardInterrupt):
        say("interrupted; nothing is lost: run the same command again to go on")
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001  (whatever is left is a bug, and is reported as one)
        return _failed(error)
    return int(result) if isinstance(result, int) else Exit.DONE


def _failed(error: Exception) -> Exit:
    match error:
        case BrokenPipeError():
            sys.stderr.close()
            return Exit.ERROR
        case RunnerError():
            return _explain(error)
        case OSError():  # what the machine refuses, as a full disk, is no bug of ours
            return _refused_by_machine(error)
        case _:
            return _report_bug()


def _draw_into_files() -> None:
    """Forgets the backend of a notebook around us, which our own environment may not have."""
    if "MPLBACKEND" in os.environ:
        os.environ["MPLBACKEND"] = "agg"


def _collect_seldom() -> None:
    """Looks for garbage in cycles seldom: thousands of frozen values hold none, and are slow to walk over."""
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, *gc.get_threshold()[1:])


def _explain(error: RunnerError) -> Exit:
    say(str(error), style="red" if not isinstance(error, SpecError) else "")
    for note in getattr(error, "__notes__", ()):
        say(note)
    return Exit.USAGE if isinstance(error, UsageError) else Exit.ERROR


def _refused_by_machine(error: OSError) -> Exit:
    report = write_report()
    name = f"{error.filename}: " if error.filename else ""
    details = f"; where it was needed stands in {report}" if report else ""
    say(f"{name}{error.strerror or error}{details}", style="red")
    return Exit.ERROR


def _report_bug() -> Exit:
    report = write_report()
    if report is None:
        traceback.print_exc()
    where = f"; the report is in {report}" if report else ""
    say(f"this is a bug in the runner{where}", style="red")
    return Exit.BUG
