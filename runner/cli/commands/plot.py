"""`runner plot`."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from runner.cli import options
from runner.cli.exit_code_choice import after_results, say_elsewhere
from runner.cli.output import say, stdout
from runner.cli.output_files import write_file
from runner.errors import UsageError

if TYPE_CHECKING:
    from rich.text import Text

    from runner.results import Results
    from runner.results.plots import Picture
    from runner.results.text_plots.canvas import Line

_FORMS: Final = (".png", ".svg", ".pdf")
_KINDS: Final = ("histogram", "curve", "heatmap", "register")
_NARROWEST: Final = 30
_WIDEST: Final = 100
_TOP: Final = 16


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options.target
@options.allow_python
@click.option("--kind", type=click.Choice(_KINDS), help="What is drawn.  [default: as the results are]")
@click.option("--job", metavar="NAME", default="", help="Draw this job: its histogram, or its register.")
@click.option("--x", metavar="VARIABLE", default="", help="Along the horizontal axis of a curve or heatmap.")
@click.option("--y", metavar="VARIABLE", default="", help="Along the vertical axis of a heatmap.")
@click.option(
    "--observable", metavar="NAME", default="", help="What is read off the jobs.  [default: occupation]"
)
@click.option("--where", metavar="CONDITION", help="Only jobs of which it holds, as `runner results` has it.")
@click.option(
    "--top",
    metavar="N",
    type=click.IntRange(min=1),
    default=_TOP,
    show_default=True,
    help="Bitstrings with bars of their own.",
)
@click.option(
    "-o",
    "--output",
    "path",
    metavar="OUT",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a file instead; its ending says what kind: .png, .svg or .pdf.",
)
@click.option(
    "--width",
    metavar="COLUMNS",
    type=click.IntRange(min=_NARROWEST),
    help="How wide characters may go.  [default: as the terminal]",
)
def plot(
    file: Path, target: str | None, where: str | None, path: Path | None, width: int | None, **words: Any
) -> int:
    """Draw what came back.

    Draws in characters, or with -o as a picture in a file. Reads the records in the repository and asks no
    cloud. Which target it was measured at is said below the picture, and what is not measured yet; results
    of several targets are never drawn together.

    \b
    Kinds, and when each is chosen without --kind:
      histogram  the most frequent bitstrings of one job, with --job, or where
                 no variable has several values
      heatmap    an observable over two variables, with --y, or where just two
                 vary and at least half of the grid is asked for
      curve      an observable along one variable, a line for each value of the
                 others: in all other cases
      register   an observable of each atom, where the atom is (in µm)

    \b
    Observables:
      occupation, magnetization  means over all qubits; occupation[q0] is of
                                 one qubit, and q0 alone means the same
      staggered_magnetization    mean magnetization with opposite signs for
                                 neighbours, + for the larger sublattice, or
                                 for that of the leftmost and lowest atom
      probability[0101]          of a bitstring

    Error bars are one standard error (1σ). Jobs that measured the same point count as one.

    Exit codes, of the jobs drawn: 0 all wanted runs are measured; 5 some are missing and apply may still
    bring them; 3 what is missing failed for good or was cancelled.
    """  # noqa: D301
    from runner.project.api import Declared  # noqa: PLC0415  (the help page needs none of these)
    from runner.results.plots import Asked, Kind, picture  # noqa: PLC0415

    if path is not None and path.suffix.lower() not in _FORMS:
        raise UsageError(f"{path}: no picture is called so", hint=f"end it in {', '.join(_FORMS)}")
    project, (experiment,) = options.opened((file,), target)
    declared = Declared(project, experiment)
    results = _chosen(declared.results(), where)
    kind = words.pop("kind")
    drawn = picture(experiment.name, results, Asked(kind=Kind(kind) if kind else None, **words))
    drawn = replace(drawn, notes=(*drawn.notes, f"target: {declared.target}"))
    say_elsewhere(declared)
    if path is None:
        _print(drawn, width)
    else:
        from runner.results.plots.matplotlib_figure import content  # noqa: PLC0415  (imports Matplotlib)
        from runner.results.plots.plot import figure_of  # noqa: PLC0415

        write_file(path, content(figure_of(drawn), path.suffix.lower()[1:]))
        say("; ".join((f"{path}: written", *drawn.notes)))
    job = words["job"]
    return after_results([(declared, results.where(lambda each: not job or job in (each.name, each.key)))])


def _print(drawn: Picture, width: int | None) -> None:
    from runner.results.text_plots.canvas import signs_for  # noqa: PLC0415  (see above)
    from runner.results.text_plots.render import Room, lines  # noqa: PLC0415

    console = stdout()
    columns = width or max(min(shutil.get_terminal_size().columns, _WIDEST), _NARROWEST)
    has_color = console.is_terminal and not console.no_color and console.color_system is not None
    room = Room(width=columns, signs=signs_for(sys.stdout.encoding), has_color=has_color)
    for line in lines(drawn, room):
        if has_color:
            console.print(_text(line), soft_wrap=True)
        else:
            sys.stdout.write("".join(piece.text for piece in line).rstrip() + "\n")


def _text(line: Line) -> Text:
    from rich.text import Text  # noqa: PLC0415  (only where there are colours)

    text = Text()
    for piece in line:
        background = f"on {piece.background}" if piece.background else ""
        text.append(piece.text, f"{piece.color} {background}".strip())
    return text


def _chosen(results: Results, where: str | None) -> Results:
    """The jobs of which a condition holds.

    Raises:
        UsageError: It holds of none, or cannot be read.
    """
    if where is None:
        return results
    from runner.results.analysis.columns import Quantities  # noqa: PLC0415
    from runner.results.analysis.filter_expression import condition  # noqa: PLC0415  (only here)

    chosen = results.where(condition(where, Quantities(results)))
    if not chosen and len(results):
        raise UsageError(f"--where {where!r} holds of none of {len(results)} jobs")
    return chosen
