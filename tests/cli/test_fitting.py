"""Tables that fit a terminal."""

from __future__ import annotations

from rich.cells import cell_len

from runner.cli.render.table import Heading, laid

HEADINGS = (
    Heading("job"),
    Heading("t_ns", is_right=True, is_spare=True),
    Heading("runs", is_right=True),
    Heading("most frequent", is_list=True, is_spare=True),
)
ROWS = (
    ("omega=6.28,t_ns=400,phi=1", "400", "500/500", "0101 300, 1010 150, 0000 50"),
    ("reference", "2000", "0/500", "–"),
)


def text(width):
    """The lines of the table, and what was left out."""
    found = laid(HEADINGS, ROWS, width)
    return [found.head, *("".join(row) for row in found.rows)], found.left_out


def test_a_table_is_as_wide_as_it_is_where_nothing_bounds_it():
    """Numbers on the right; no blanks at the ends of lines."""
    assert (
        [
            "job                        t_ns     runs  most frequent",
            "omega=6.28,t_ns=400,phi=1   400  500/500  0101 300, 1010 150, 0000 50",
            "reference                  2000    0/500  –",
        ],
        (),
    ) == text(None)


def test_lists_are_cut_first():
    """Behind an entry; one is always left."""
    assert "omega=6.28,t_ns=400,phi=1   400  500/500  0101 300, 1010 150" == text(62)[0][1]


def test_long_texts_lose_their_middle():
    """Names differ at their ends."""
    assert "omega=6.28,t…s=400,phi=1   400  500/500  0101 300" == text(50)[0][1]


def test_spare_columns_are_left_out_and_told():
    """From the right; numbers that stay are whole."""
    lines, left_out = text(36)

    assert ("omega=6.28…400,phi=1   400  500/500", ("most frequent",)) == (lines[1], left_out)


def test_no_line_is_wider_than_it_may_be():
    """Down to where the last columns need more; wide letters count as two."""
    rows = (*ROWS, ("原子原子原子原子原子原子原子原子", "1", "1/1", "0101 300, 1010 150"))
    for width in range(24, 120):
        found = laid(HEADINGS, rows, width)

        assert all(cell_len(line) <= width for line in (found.head, *map("".join, found.rows)))


def test_a_table_without_rows_has_its_headings():
    """Nothing else."""
    assert ("job  t_ns  runs  most frequent", ()) == (
        laid(HEADINGS, (), 80).head,
        laid(HEADINGS, (), 80).rows,
    )
