"""A register drawn in characters, to scale as far as cells allow. Pure: values in, lines out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.results.plots.plane import FLAT, cells, in_plane, scale, um_per_column
from runner.results.text_plots.canvas import Canvas, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.results.text_plots.signs import Signs
    from runner.sequences.samples import Atom

_GAP: Final = 3


def register_lines(
    atoms: Sequence[Atom], traps_um: Sequence[tuple[float, ...]], *, width: int, signs: Signs
) -> list[str]:
    """Atoms with their names, traps that are left empty, a scale, and what the signs mean.

    Args:
        atoms: At least one.

        traps_um: Places of traps (in µm).

        width: Columns that there are.
    """
    places = [in_plane(place) for place in (*(atom.position_um for atom in atoms), *traps_um)]
    longest = max(len(atom.name) for atom in atoms)
    between = longest + _GAP + (longest + _GAP) % 2  # half as many rows are as long
    um = um_per_column(places, width=width - longest - 2, between=between)
    there = cells(places, um)
    drawn = dict.fromkeys(there[len(atoms) :], signs.trap)
    drawn |= {cell: _sign(atom, signs) for atom, cell in zip(atoms, there, strict=False)}
    own = dict(zip(there[: len(atoms)], (atom.name for atom in atoms), strict=True))
    canvas = Canvas()
    for (row, column), sign in drawn.items():
        canvas.put(row, column, sign)
    # Whether a name can stand behind a sign without touching the next one.
    named = {
        (row, column): name
        for (row, column), name in own.items()
        if canvas.is_free(row, column + 1, len(name) + 1)
    }
    for (row, column), name in named.items():
        canvas.put(row, column + 1, name)
    notes = [scale(um, signs.scale), *_legend(set(drawn.values()), signs)]
    notes += _notes(atoms, hidden=len(atoms) - len(own), unnamed=len(own) - len(named))
    return [*map(text_of, canvas.lines()), "", "; ".join(notes)]


def _sign(atom: Atom, signs: Signs) -> str:
    return signs.masked if atom.is_masked else signs.detuned if atom.is_detuned else signs.atom


def _legend(drawn: set[str], signs: Signs) -> list[str]:
    meanings = {
        signs.masked: "masked by the SLM",
        signs.detuned: "detuned by a DMM",
        signs.trap: "empty trap",
    }
    return [f"{sign} {meaning}" for sign, meaning in meanings.items() if sign in drawn]


def _notes(atoms: Sequence[Atom], *, hidden: int, unnamed: int) -> list[str]:
    notes = {
        "z leads to the upper right": len(atoms[0].position_um) > FLAT,
        f"{hidden} of {len(atoms)} atoms behind others": hidden,
        f"no room for {unnamed} of {len(atoms)} names": unnamed,
    }
    return [note for note, is_so in notes.items() if is_so]
