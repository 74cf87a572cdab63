"""`runner schema`: the published schemas, and that of runner.toml held against its models."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from runner.cli import main
from runner.errors import ProjectError
from runner.project import schema_names
from runner.project.config import published_schemas
from runner.project.config.published_schemas import settings_schema
from runner.project.config.settings import read_settings

ROOT = Path(__file__).parents[2]
MADE = ("experiment", "runner")  # from what reads the files
GOOD = """\
namespace = "lab"
target = "qpu"
[targets.qpu]
region = "fr"
settle_s = 30
[defaults.policy]
retry = {limit = 1, errors = ["timeout"], backoff_s = 5.0}
[caps]
runs = 100
[limits]
jobs = 10
[views.ill]
health = "Degraded"
"""


def is_valid(text):
    """Whether the schema takes a runner.toml."""
    return jsonschema.Draft202012Validator(settings_schema()).is_valid(tomllib.loads(text))


@pytest.mark.parametrize("name", schema_names())
def test_every_published_schema_is_printed(name, capsys):
    """As it is published, and it is a schema."""
    code = main(["schema", name])
    out = capsys.readouterr().out

    assert (0, (ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")) == (code, out)
    jsonschema.Draft202012Validator.check_schema(json.loads(out))


def test_all_published_schemas_have_a_name():
    """None is forgotten."""
    assert set(schema_names()) == {path.name.split(".")[0] for path in (ROOT / "schemas").iterdir()}


def test_there_is_no_other_schema(capsys):
    """The names that there are, are said."""
    code = main(["schema", "../schemas/plan"])

    assert code == 64
    assert "experiment" in capsys.readouterr().err


@pytest.mark.parametrize("left", ["", "{", "[]", '{"type": "object"}'])
def test_a_schema_may_be_printed_into_its_own_file(left, tmp_path, monkeypatch, capsys):
    """Those that have models are whole although the shell has emptied it; what is not whole is an error."""
    monkeypatch.setattr(published_schemas, "_folders", lambda: [tmp_path])
    for name in schema_names():
        (tmp_path / f"{name}.schema.json").write_text(left, encoding="utf-8")
    codes = {name: main(["schema", name]) for name in schema_names()}

    out, err = capsys.readouterr()
    made = [(ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8") for name in MADE]
    complaint = f"plan.schema.json is {'no schema' if left else 'empty'}\n"
    assert {name: 0 if name in MADE else 1 for name in schema_names()} == codes
    assert ("".join(made), 1) == (out, err.count(complaint))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [("claim_ttl_s = 7", True), ("lease_s = 7", True), ("claim_ttl_s = 7\nlease_s = 7", False)],
)
def test_an_editor_takes_the_key_of_earlier_versions(keys, expected):
    """As the runner does; not beside the present one."""
    assert expected == is_valid(f'[targets.mirror]\nurl = "http://127.0.0.1:9"\n{keys}\n')


def test_the_readmes_settings_are_valid():
    """What is copied from there is taken."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)

    assert blocks
    assert [True] * len(blocks) == [is_valid(block) for block in blocks]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("namespace", "namspace"),
        ("[targets.qpu]", "[targets.qpu]\nspeed = 1"),
        ("settle_s = 30", "settle_s = -1"),
        ("limit = 1", 'limit = "1"'),
        ("retry", "retries"),
        ("runs = 100", "runs = 0"),
        ("jobs = 10", "jobs = 0"),
        ("jobs = 10", "depth = 1000"),
        ('health = "Degraded"', 'health = "Ill"'),
        ('health = "Degraded"', ""),
        ('region = "fr"', 'region = "fr"\nurl = "http://127.0.0.1"'),
    ],
)
def test_the_schema_refuses_what_the_settings_refuse(tmp_path, old, new):
    """An editor marks what the runner would refuse."""
    path = tmp_path / "runner.toml"
    path.write_text(GOOD, encoding="utf-8")
    read_settings(path)
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(ProjectError):
        read_settings(path)
    assert [True, False] == [is_valid(GOOD), is_valid(GOOD.replace(old, new, 1))]
