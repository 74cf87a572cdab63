"""The page of expressions: what its tables say is so."""

from __future__ import annotations

import re
from pathlib import Path

from runner.domain.expressions.constants import constant
from runner.domain.expressions.parser import CONSTANTS, FUNCTIONS, parsed

TEXT = (Path(__file__).parents[2] / "docs" / "expressions.md").read_text(encoding="utf-8")
ROWS = re.compile(r"^\| `([^`]+)` \| ([^|]+) \|$", re.MULTILINE)


def rows(title):
    """(first cell, second cell) of the rows of a section."""
    _, _, section = TEXT.partition(f"## {title}\n")
    return ROWS.findall(section.partition("\n## ")[0])


def test_every_expression_comes_to_the_value_beside_it():
    """To the last digit; and every function and constant there is stands on the page."""
    said = rows("Words")
    words = {word for text, _ in said for word in re.findall("[a-z][a-z0-9]+", text)}

    assert [(text, value) for text, value in said] == [(text, repr(constant(text))) for text, _ in said]
    assert {*FUNCTIONS, *CONSTANTS} == words - {"e3"}


def test_every_list_is_an_expression():
    """But for the last one, which is a list of YAML."""
    texts = [text for text, _ in rows("Lists")]

    assert texts[:-1] == [str(parsed(text)) for text in texts[:-1]]
    assert ["[0, omega, 0]"] == texts[-1:]
