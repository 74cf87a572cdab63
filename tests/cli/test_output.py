"""Tables for people: laid out the same, whoever lays them out."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table
from rich.text import Text

from runner.cli.output import plain_lines, print_table, print_text, say

_cells = st.text("abz XYZ019:/=,-[]", max_size=70)


def by_rich(columns, rows):
    """A table without colours, as rich lays it out on 200 columns."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    text = io.StringIO()
    Console(file=text, width=200, highlight=False).print(table)
    return text.getvalue()


def printed(columns, rows):
    """What is printed where no terminal is."""
    text = io.StringIO()
    with redirect_stdout(text):
        print_table(columns, rows)
    return text.getvalue()


@settings(deadline=None)  # rich is imported when it is first needed
@given(st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(_cells, min_size=n, max_size=n), min_size=1)))
def test_a_plain_table_is_what_rich_makes_of_it(rows):
    """Whatever stands in it, and however wide it is."""
    columns = ["job", "status", "runs", "", "most frequent"][: len(rows[0])]

    assert by_rich(columns, rows) == printed(columns, rows)


@pytest.mark.parametrize("cell", ["µ", "原子", "two\nlines", "x" * 201], ids=["µ", "wide", "lines", "long"])
def test_what_takes_more_than_a_plain_line_is_left_to_rich(cell):
    """And is printed all the same."""
    assert [] == plain_lines(["job"], [[cell]])
    assert by_rich(["job"], [[cell]]) == printed(["job"], [[cell]])


def test_a_plain_table_is_laid_out_without_rich():
    """It takes most of the time of a large one."""
    assert ["job   runs", "a     1   ", "long  20  "] == plain_lines(
        ["job", "runs"], [["a", "1"], ["long", "20"]]
    )


def test_a_text_tells_a_terminal_nothing(capsys):
    """What the cloud or a file says may hold characters that move the cursor or ring; they are left out."""
    hostile = "a\x1b[2Jb\a\r\x9bc\td\x00"

    say(hostile)
    say(hostile, style="red")
    print_text(hostile)
    print_table(["job"], [[hostile.replace("\t", " ")]])

    assert ("a[2Jbc\td\njob     \na[2Jbc d\n", "a[2Jbc\td\n" * 2) == capsys.readouterr()
