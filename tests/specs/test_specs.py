"""Every file of the real specs/ is in order, and every broken one is refused in the words beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from runner.errors import SpecError
from runner.sequences import compiled
from runner.spec import load
from runner.spec.format.formatter import formatted

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
BROKEN = sorted((Path(__file__).parent / "broken").glob("*.yaml"))


def test_there_are_specs_to_test():
    """The globs of this module find the files they are meant to find."""
    assert {"afm-ramp.yaml", "rabi.yaml"} <= {path.name for path in SPECS}
    assert len(BROKEN) >= 20
    assert {path.stem for path in BROKEN} == {path.stem for path in BROKEN[0].parent.glob("*.txt")}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_spec_compiles_without_a_warning(path):
    """The examples that users copy are beyond reproach, and are called what they are."""
    result = compiled(load(path, root=ROOT))

    assert result.warnings == ()
    assert result.experiment.name == path.stem
    assert result.experiment.jobs or result.experiment.strategy


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_spec_is_in_form(path):
    """`runner fmt` would leave it as it is."""
    text = path.read_text(encoding="utf-8")

    assert text == formatted(text, path=path.name)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_spec_tells_editors_its_schema(path):
    """The first line leads an editor to the published schema, from where the file is."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    start, _, schema = first.partition("$schema=")

    assert start == "# yaml-language-server: "
    assert (path.parent / schema).resolve() == ROOT / "schemas" / "experiment.schema.json"


def test_the_table_of_examples_says_what_the_files_say():
    """Each file says what it shows, in its second line; the table has all of these lines, and no other."""
    lines = {path.stem: path.read_text(encoding="utf-8").splitlines()[1] for path in SPECS}
    table = (ROOT / "specs" / "README.md").read_text(encoding="utf-8").splitlines()

    rows = [row for row in table if row.startswith("| [")]
    said = [f"| [{name}]({name}.yaml) | {line.removeprefix('# ')} |" for name, line in lines.items()]

    assert [] == [name for name, line in lines.items() if not line.startswith("# ")]
    assert said == rows


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_every_broken_file_is_refused_in_the_words_beside_it(path):
    """The whole report is as expected: every problem, its place, its line, its hint."""
    with pytest.raises(SpecError) as caught:
        compiled(load(path, root=ROOT, shown_as=path.name))

    assert f"{caught.value}\n" == path.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_mean_the_same_to_other_readers(path):
    """No word of an example is read differently by YAML 1.1."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))

    assert content == load(path, root=ROOT).document.data
