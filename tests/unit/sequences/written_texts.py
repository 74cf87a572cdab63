"""Experiment files for tests of what can be written out: a sequence in parts, and the same by hand."""

from __future__ import annotations

import json
from typing import Any

import yaml

from runner.domain import recipe_digest
from runner.sequences import Compiled, compiled
from runner.spec import parse

ATOMS = {"coordinates_um": {"left": [-3.5, 0], "right": [3.5, 0]}}


def written(
    *operations: str | dict[str, Any], jobs: list[dict[str, Any]] | None = None, **changes: Any
) -> Compiled:
    """What a file compiles to; operations in YAML, changes are other keys of the sequence."""
    parts = {"device": "MockDevice", "register": ATOMS, "channels": {"drive": "rydberg_global"}, **changes}
    steps = [yaml.safe_load(each) if isinstance(each, str) else each for each in operations]
    content = {
        "apiVersion": "runner/v1",
        "kind": "Experiment",
        "metadata": {"name": "x"},
        "spec": {
            "device_type": "EMU_FREE",
            "sequence": {**parts, "operations": steps},
            "jobs": jobs or [{"runs": 10}],
        },
    }
    return compiled(parse(json.dumps(content), path="x.yaml"))


def same(result: Compiled, sequence: Any) -> bool:
    """Whether a file compiled to a sequence that was written by hand."""
    if not sequence.is_measured():
        sequence.measure(sequence.get_addressed_bases()[0])
    text = sequence.to_abstract_repr()
    return result.experiment.recipe == recipe_digest(device_type="EMU_FREE", sequence=text)
