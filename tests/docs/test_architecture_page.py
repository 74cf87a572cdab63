"""The page about the house: every function, module and test that it names is there."""

from __future__ import annotations

import re
from functools import reduce
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
FUNCTIONS = re.findall(r"`(runner[\w.]+):([\w.]+)`", PAGE)
TESTS = re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`", PAGE)
LAST_CELLS = re.findall(r"\| ([^|]+) \|$", PAGE, re.MULTILINE)
PLACES = [each for each in re.findall(r"`(\w+/[\w/.]+)`", "\n".join(LAST_CELLS)) if "tests/" not in each]


@pytest.mark.parametrize(("module", "name"), FUNCTIONS, ids=[name for _, name in FUNCTIONS])
def test_a_station_is_there(module, name):
    """Whoever walks a pass by the page comes to each."""
    assert callable(reduce(getattr, name.split("."), import_module(module)))


@pytest.mark.parametrize(("file", "name"), TESTS, ids=[f"{file}::{name}" for file, name in TESTS])
def test_a_rule_has_its_test(file, name):
    """A rule without one is a wish."""
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8") if name else (ROOT / file).is_file()


def test_where_to_begin_is_there():
    """In the map: a module or a folder of the package."""
    absent = [place for place in PLACES if not (ROOT / "runner" / place).exists()]

    assert len(PLACES) > 10
    assert [] == absent
