"""`runner plot`."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Unpack

import click

from runner.cli import late_imports, options
from runner.cli.exit_code_choice import after_results
from runner.cli.output import say
from runner.cli.output_files import write_file
from runner.cli.render.shortfall import say_elsewhere
from runner.errors import UsageError
from runner.project.api import Declared
from runner.project.views.describe import blockade_of
from runner.results.analysis.columns import Quantities
from runner.results.analysis.filter_expression import condition
from runner.results.matrix_files import matrix_in
from runner.results.plots.choose import PlotOptions, drafted, one_job, picture_bytes
from runner.results.plots.curves import together
from runner.results.plots.picture import PictureKind, Places
from runner.results.text_plots.canvas import text_of
from runner.results.text_plots.render import TextRoom, lines
from runner.results.text_plots.signs import signs_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.project.drawings.blockade_choice import AskedBlockade
    from runner.results import Results
    from runner.results.plots.picture import Blockade, Picture
    from runner.results.text_plots.canvas import Piece

_WIDEST: Final = 100
_TOP: Final = 16


@click.command()
@options.file
@click.argument(
    "beside", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@options.target
@options.allow_python
@click.option(
    "--kind",
    type=click.Choice([str(each) for each in PictureKind]),
    help="What is drawn.  [default: as the results are]",
)
@click.option("--job", metavar="NAME", default="", help="Draw this job: its histogram, or its register.")
@click.option("--x", metavar="VARIABLE", default="", help="Along the horizontal axis of a curve or heatmap.")
@click.option("--y", metavar="VARIABLE", default="", help="Along the vertical axis of a heatmap.")
@click.option(
    "--observable", metavar="NAME", default="", help="What is read off the jobs.  [default: occupation]"
)
@click.option("--fit", metavar="MODEL", default="", help="Fit this to each line of a curve, or a formula.")
@click.option("--where", metavar="CONDITION", help="Only jobs of which it holds, as `runner results` has it.")
@click.option(
    "--top",
    metavar="N",
    type=click.IntRange(min=1),
    default=_TOP,
    show_default=True,
    help="Bitstrings with bars of their own.",
)
@options.picture("file")
@options.blockade
@options.width("characters may go")
def plot(
    file: Path,
    beside: tuple[Path, ...],
    target: str | None,
    kind: str | None,
    where: str | None,
    path: Path | None,
    asked: AskedBlockade,
    width: int | None,
    **words: Unpack[PlotOptions],
) -> int:
    """Draw what came back; of several files, curves or evolutions in one picture.

    Draws in characters, or with -o as a picture in a file. Reads the records in the repository and asks no
    cloud. Which target it was measured at is said below the picture, and what is not measured yet; results
    of several targets are never drawn together.

    \b
    Kinds, and when each is chosen without --kind:
      trace      the objective of each slot of a strategy with its error, the
                 best so far, and the jobs that confirm the winners behind them;
                 of a strategy without any other choice
      histogram  the most frequent bitstrings of one job, with --job, or where
                 no variable has several values
      heatmap    an observable over two variables, with --y, or where just two
                 vary and at least half of the grid is asked for
      curve      an observable along one variable, a line for each value of the
                 others: in all other cases
      register   an observable of each atom, where the atom is (in µm); with
                 --blockade-radius or --interaction-graph, too, which are
                 those of `runner show`
      correlations  connected correlations of one job by the distance of atoms

    Without --job, what is of one job is of the one whose qubits were measured as 1 most often.

    \b
      evolution  what the emulator evaluated over time, a line for each job, or
                 with --job for each atom; with --kind only

    \b
    Observables:
      occupation, magnetization  means over all qubits; occupation[q0] is of
                                 one qubit, and q0 alone means the same
      staggered_magnetization    m_st: mean magnetization with opposite signs
                                 for neighbours, + for the larger sublattice,
                                 or for that of the leftmost and lowest atom
      abs_staggered_magnetization, squared_staggered_magnetization
                                 the means of |m_st| and m_st², which do not
                                 cancel where both orders are measured
      correlation[q0,q1]         connected, of a pair
      correlation_at[6.0]        the mean over pairs so far apart (in µm, within
                                 1 %; correlation_at[6.0,0.1]: within 0.1 µm);
                                 correlation_at[shell:1]: over neighbours
      joint_occupation[q0,q1], joint_occupation_at[6.0]
                                 the same, not connected
      structure_factor[pi/6,0]   at k = (kx, ky) in rad/µm, or [staggered]
      probability[0101,1010]     of any of some bitstrings
      evaluated[energy]          what the emulator evaluated, at the end;
                                 evaluated[occupation,q0@500] of an atom at
                                 500 ns
      cost[[-1,2],[0,-1]]        of z'Qz, with Q inline or cost[FILE], in which
                                 Q is JSON or CSV; all its entries count
      cvar[0.2,cost:FILE]        over the lowest fifth of the runs, of what is
                                 a mean; cvar[0.2,highest,magnetization]

    \b
    Models, fitted by maximum likelihood (t in µs where the variable is in ns):
      rabi            offset + amplitude sin²(π frequency t)
      ramsey          offset + amplitude/2 exp(-t/decay_time)
                      cos(2π frequency t + phase)
      exponential     offset + amplitude exp(-t/decay_time)
      lorentz, gauss  a peak at center; width is that at half its height
      a formula       over x, or the variable, and parameters of your own
                      names: --fit 'c + a * exp(-x / tau)'

    Error bars are intervals of 68 % (Jeffreys), never of width 0. Jobs that measured the same point count as
    one.

    Exit codes, of the jobs drawn: 0 all wanted runs are measured; 5 some are missing and apply may still
    bring them; 3 what is missing failed for good or was cancelled.
    """
    some = [Declared(*options.opened_file(each, target)) for each in (file, *beside)]
    chosen = [_chosen(each.results(), where) for each in some]
    if beside and asked.is_there:
        raise UsageError("a blockade is drawn on the register of one experiment", hint="name one file")
    is_one = not beside
    drawn = _alone(some[0], chosen[0], kind, words, asked) if is_one else _together(some, chosen, kind, words)
    drawn = replace(drawn, notes=(*drawn.notes, f"target: {some[0].target}"))
    for each in some:
        say_elsewhere(each)
    if path is None:
        _print(drawn, width)
    else:
        write_file(path, picture_bytes(drawn, path.suffix.lower()[1:]))
        say("; ".join((f"{path}: written", *drawn.notes)))
    job = words.get("job")
    return after_results(
        [
            (each, results.where(lambda one: not job or job in (one.name, one.key)))
            for each, results in zip(some, chosen, strict=True)
        ]
    )


def _together(
    some: Sequence[Declared], chosen: Sequence[Results], kind: str | None, words: PlotOptions
) -> Picture:
    """The curves of several experiments in one picture."""
    kind = kind or PictureKind.CURVE
    pictures = zip(some, chosen, strict=True)
    return together([drafted(each.name, results, kind, words) for each, results in pictures])


def _alone(
    declared: Declared, results: Results, kind: str | None, words: PlotOptions, asked: AskedBlockade
) -> Picture:
    """The picture of one experiment, with its blockade where that is asked for."""
    kind = kind or (PictureKind.REGISTER if asked.is_there else None)
    drawn = drafted(declared.name, results, kind, words)
    if not asked.is_there:
        return drawn
    job = one_job(results, words.get("job", ""))[0].name
    return _with_blockade(drawn, blockade_of(declared.project.recalled(declared.experiment), job, asked))


def _with_blockade(drawn: Picture, known: Blockade | None) -> Picture:
    """A register with its blockade.

    Raises:
        UsageError: The picture is of another kind.
    """
    if not isinstance(drawn.body, Places):
        raise UsageError("a blockade is drawn on a register alone", hint="--kind register")
    return replace(drawn, body=replace(drawn.body, blockade=known))


def _print(drawn: Picture, width: int | None) -> None:
    columns = width or max(min(shutil.get_terminal_size().columns, _WIDEST), options.NARROWEST)
    has_color = late_imports.has_color()
    room = TextRoom(width=columns, signs=signs_for(sys.stdout.encoding), has_color=has_color)
    for line in lines(drawn, room):
        if has_color:
            late_imports.print_pieces((piece.text, _style(piece)) for piece in line)
        else:
            sys.stdout.write(text_of(line).rstrip() + "\n")


def _style(piece: Piece) -> str:
    background = f"on {piece.background}" if piece.background else ""
    return f"{piece.color} {background}".strip()


def _chosen(results: Results, where: str | None) -> Results:
    """The jobs of which a condition holds.

    Raises:
        UsageError: It holds of none, or cannot be read.
    """
    if where is None:
        return results
    chosen = results.where(condition(where, Quantities(results, matrix_in)))
    if not chosen and len(results):
        raise UsageError(f"--where {where!r} holds of none of {len(results)} jobs")
    return chosen
