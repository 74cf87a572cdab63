"""The published schema: complete, and of one mind with the models."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from texts import GOOD, changed

from runner.spec.validate.schema import experiment_schema

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "schemas" / "experiment.schema.json"


def test_the_published_schema_is_the_generated_one():
    """What editors read is what the models say."""
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))

    assert published == experiment_schema()


def test_the_schema_is_a_schema():
    """It is valid draft 2020-12."""
    jsonschema.Draft202012Validator.check_schema(experiment_schema())


def test_null_is_never_offered():
    """A key is left out, or it has a value."""
    assert "null" not in json.dumps(experiment_schema())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kind: Experiment\n", ""),
        ("kind: ", "knd: "),
        ("{name: rabi}", "{name: Rabi}"),
        ("n_qubits: 2", 'n_qubits: "2"'),
        ("{chain: {n_qubits: 2, spacing_um: 6.0}}", "{}"),
        (
            "{chain: {n_qubits: 2, spacing_um: 6.0}}",
            "{chain: {n_qubits: 2, spacing_um: 6.0}, square: {side: 2, spacing_um: 6}}",
        ),
        (", duration_ns: t_ns", ""),
        ("detuning: 0", "detuning: {constant: {duration_ns: 100, value: 0}}"),
        ("amplitude: omega", "amplitude: [1]"),
        ("amplitude: omega", "amplitude: {}"),
        ("variables: {omega: 6.28, t_ns: 500}", "variables: {omega: 1, t_ns: 2}, sweep: {omega: 1, t_ns: 2}"),
        ("variables: {omega: 6.28, t_ns: 500}", "sweep: {omega: [], t_ns: 2}"),
        ("variables: {omega: 6.28, t_ns: 500}", "sweep: {omega: {range: [1, 2]}, t_ns: 2}"),
        ("runs: 100", "runs: true"),
        ("runs: 100", "runs: 0"),
        ("  jobs:\n", "  tags: [a, a]\n  jobs:\n"),
        ("  jobs:\n", "  tags: [exp:x]\n  jobs:\n"),
        ("  jobs:\n", "  policy: {retry: {on: [UNKNOWN]}}\n  jobs:\n"),
        ("{omega: float, t_ns: int}", "{omega: float, t_ns: {type: int}}"),
    ],
)
def test_the_schema_refuses_what_the_models_refuse(old, new):
    """An editor marks what the runner would refuse."""
    validator = jsonschema.Draft202012Validator(experiment_schema())

    assert validator.is_valid(yaml.safe_load(GOOD))
    assert not validator.is_valid(yaml.safe_load(changed(old, new)))
