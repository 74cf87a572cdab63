"""Pages of the reference: what is made of help, schemas and docstrings."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "hooks"))

from command_pages import commands_page
from markdown_text import code, prose, table
from python_pages import Section, members, python_page, sections, signature
from schema_pages import example_of, in_order, key_table, schema_page, type_of, unit_of
from site_pages import on_page_markdown, pages

from runner.cli.main import VERBS
from runner.project import schema_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("results/<name>", "results/&lt;name>"),
        ("`a*b` is\n  2 * a", r"`a*b` is 2 \* a"),
        ("deltas[1]", r"deltas\[1\]"),
    ],
)
def test_prose_has_no_markup_but_code(text, expected):
    """Tags, emphasis and links are letters; code stays as it is."""
    assert expected == prose(text)


def test_code_and_tables_hold_any_sign():
    """Backticks in code, bars in cells."""
    assert "`` a`b ``" == code("a`b")
    assert "| a |\n| --- |\n| x\\|y |" == table(["a"], [["x|y"]])


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"$ref": "#/$defs/Ramp"}, "[Ramp](#ramp)"),
        ({"enum": ["keep", "cancel"]}, '`"keep"`, `"cancel"`'),
        ({"oneOf": [{"type": "number"}, {"type": "string"}]}, "number or text"),
        ({"type": "array", "items": {"type": "integer", "minimum": 1}}, "list of integer ≥ 1"),
        (
            {"type": "object", "additionalProperties": {"type": "boolean"}},
            "mapping of names to true or false",
        ),
        ({"type": ["string", "null"]}, "text or null"),
        ({}, "anything"),
    ],
)
def test_types_are_said_in_words(node, expected):
    """Definitions are links."""
    assert expected == type_of(node)


@pytest.mark.parametrize(
    ("path", "meaning", "expected"),
    [
        ("from", "Value at the beginning (in rad/µs).", "rad/µs"),
        ("budget.qpu_s", "A limit.", "s"),
        ("runs", "How often.", ""),
    ],
)
def test_units_come_from_descriptions_and_names(path, meaning, expected):
    """What the description says goes first."""
    assert expected == unit_of(path, meaning)


def test_keys_of_a_schema_are_rows():
    """Key, type, unit, default, example and meaning; keys inside stand below theirs."""
    schema = {
        "properties": {
            "wait_s": {"type": "number", "default": 1, "examples": [2], "description": "A pause."},
            "who": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
        }
    }

    assert [
        "| `wait_s` | number | s | `1` | `2` | A pause. |",
        "| `who` | mapping |  |  |  |  |",
        "| `who.name` (required) | text |  |  |  |  |",
    ] == key_table(schema).splitlines()[2:]
    assert "# Title\n\nLead.\n\n## Ramp { #ramp }\n\nUp.\n\nType: number.\n" == schema_page(
        {"$defs": {"Ramp": {"description": "Up.", "type": "number"}}, "properties": {}},
        title="Title",
        lead="Lead.",
    ).replace("Type: anything.\n\n", "")
    assert "`{limit: 2}`" == example_of({"markdownDescription": "What.\n\nExample: `{limit: 2}`"})


def test_definitions_stand_in_the_order_of_a_file():
    """Each where the first key leads to it; what no key leads to is last."""
    to = "#/$defs/{}".format
    schema = {
        "$defs": {
            "Alone": {},
            "Inner": {"items": {"$ref": to("Outer")}},
            "Last": {},
            "Outer": {"properties": {"a": {"oneOf": [{"$ref": to("Inner")}]}}},
        },
        "properties": {"first": {"$ref": to("Outer")}, "second": {"$ref": to("Last")}},
    }
    of_files = list(in_order(json.loads(schema_text("experiment"))))

    assert ["Outer", "Inner", "Last", "Alone"] == list(in_order(schema))
    assert ["Metadata", "Spec", "WrittenSequence"] == of_files[:3]
    assert of_files.index("Register") < of_files.index("Operation") < of_files.index("Job")


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[a](../schemas/experiment.schema.json#job)", "[a](reference/experiment.md#job)"),
        ("[a](../README.md#an-experiment)", "[a](reference/commands.md)"),
        ("[a](../runner/results/api.py)", "[a](reference/python.md)"),
        ("[a](sweeps.md)", "[a](sweeps.md)"),
    ],
)
def test_links_to_sources_of_the_reference_lead_to_its_pages_in_the_site(link, expected):
    """In the repository they lead to what the pages are made of."""
    assert expected == on_page_markdown(link)


def test_commands_are_told_as_their_help_tells_them():
    """Usage, text, blocks that stay as they are, and options."""

    @click.group()
    def root():
        """The whole."""

    @root.command()
    @click.option("--far", metavar="KM", help="How far.")
    def walk(far):
        """Walk.

        \b
        a  b
          c
        """  # noqa: D301  (click's mark)

    page = commands_page(root, "root")

    assert (
        "## root walk { #root-walk }\n\n```text\nroot walk [OPTIONS]\n```\n\nWalk.\n\n```text\na  b\n  c\n```"
        in page
    )
    assert "| `--far KM` | How far. |" in page


@dataclass
class Atom:
    """An atom.

    Args:
        name: What it is
            called.
    """

    name: str

    @property
    def is_excited(self) -> bool:
        """Whether it is."""
        return True

    def drive(self, duration_ns: int, *, phase: float = 0.0) -> None:
        """Drives it.

        Raises:
            ValueError: Too long.
        """

    def _hidden(self):
        """Nobody sees it."""


def test_classes_are_told_with_their_members():
    """Docstrings in Google's style are cut at their titles; signatures have no quotes."""
    page = python_page("Lead.", [("Atom", Atom)])

    assert ["is_excited", "drive"] == [name for name, _ in members(Atom)]
    assert "is_excited: bool" == signature("is_excited", Atom.is_excited)
    assert "drive(duration_ns: int, *, phase: float = 0.0) -> None" == signature("drive", Atom.drive)
    assert [Section("", "An atom."), Section("Args", "name: What it is\n    called.")] == sections(
        Atom.__doc__
    )
    assert "**Args**\n\n- `name`: What it is called.\n\n### is_excited { #atom.is_excited }" in page
    assert "**Raises**\n\n- `ValueError`: Too long." in page


def test_long_signatures_have_an_argument_a_line():
    """They would be wider than the page."""

    def measured(counts: dict[str, int], *, seed: int = 0, names: tuple[str, ...] = ()) -> list[str]:
        """Something long."""

    assert (
        "measured(\n    counts: dict[str, int],\n    *,\n"
        "    seed: int = 0,\n    names: tuple[str, ...] = (),\n)"
        " -> list[str]"
    ) == signature("measured", measured)


def test_no_verb_is_left_out():
    """Every verb of the command line has its section."""
    page = pages()["reference/commands.md"]

    assert [] == [verb for verb in VERBS if f"\n## runner {verb} {{ #runner-{verb} }}\n" not in page]
