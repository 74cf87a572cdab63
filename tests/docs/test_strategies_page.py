"""The page of strategies: its tables say what the kinds take."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from runner.spec.models.strategy import ConfirmBest, DeclaredStrategy, StopWhen
from runner.strategies.kinds import KINDS

TEXT = (Path(__file__).parents[2] / "docs" / "strategies.md").read_text(encoding="utf-8")
TABLES = [part for part in TEXT.split("\n\n") if part.startswith("| kind |")]
ASKS = {"bayesian": "1", "cma-es": "4 + ⌊3 ln n⌋", "python": "1", "refine": "5", "sobol": "8", "spsa": "2"}


def rows(table):
    """The cells of a table, line by line, without its head."""
    return [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def ask_cell(kind):
    """Which jobs of a round a kind takes, and how many it has without a word."""
    if kind.ask is None:
        return "says it itself"
    return f"{kind.least_ask} or more{', even' * (kind.ask_step == 2)}; {ASKS[kind.name]}"


def test_the_table_of_kinds_says_what_they_take():
    """A line a kind, from the table that files are checked by."""
    expected = [
        [
            name,
            "yes" if kind.has_choices else "no",
            str(kind.most_dimensions or "any"),
            ask_cell(kind),
            kind.where,
            kind.noise,
            kind.spread or "refused",
            kind.extra,
        ]
        for name, kind in sorted(KINDS.items())
    ]

    assert expected == rows(TABLES[0])


def test_the_table_of_settings_says_their_defaults():
    """A line a setting."""
    expected = [
        [
            name,
            key,
            setting.meaning,
            str(bool(setting.default)).lower() if setting.is_flag else f"{setting.default:g}",
        ]
        for name, kind in sorted(KINDS.items())
        for key, setting in kind.settings.items()
    ]

    assert sorted(expected) == sorted(rows(TABLES[1]))


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.ask])
def test_the_usual_jobs_of_a_round_are_as_said(kind):
    """For one number, and for five."""
    said = {"4 + ⌊3 ln n⌋": [4, 8]}.get(ASKS[kind.name]) or [int(ASKS[kind.name])] * 2

    assert said == [kind.ask(1), kind.ask(5)]


def test_every_kind_has_its_section():
    """With method, defaults and source."""
    assert set(KINDS) <= {line.removeprefix("## ") for line in TEXT.splitlines()}


def test_the_page_has_every_key():
    """One strategy with all that it may have; the function is for a kind of its own."""
    said = re.search(r"```yaml\n(strategy:\n.*?)```", TEXT, re.DOTALL)[1]
    said = said.replace("# spread", "spread")  # which is not for the kind that is shown
    found = DeclaredStrategy.model_validate(yaml.safe_load(said)["strategy"])
    assert found.model_fields_set == DeclaredStrategy.model_fields.keys() - {"python"}
    assert found.stop.model_fields_set == StopWhen.model_fields.keys()
    assert found.confirm.model_fields_set == ConfirmBest.model_fields.keys()
