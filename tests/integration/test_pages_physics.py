"""The experiments of the pages are measured as Pulser measures them."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from comparison import SAME, p_value
from pulser import Sequence
from pulser.backend import BitStrings
from pulser_simulation import QutipBackendV2, QutipConfig

from runner.local.engines.emulation import emulate
from runner.sequences import compiled
from runner.spec import parse

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```yaml[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RUNS = 2000
PAGES = ("fits", "sweeps", "worked-graph", "worked-neel", "worked-qaoa")
PAGES += ("worked-quench", "worked-rabi", "worked-ramsey")


def by_us(sequence, variables, seed):
    """Counts of the local cloud."""
    payload = {
        "sequence": sequence,
        "variables": variables,
        "runs": RUNS,
        "seed": seed,
        "device_type": "EMU_FREE",
        "emulator": "EMU_FREE",
        "configuration": {},
        "backend_configuration": None,
    }
    return json.loads(emulate(json.dumps(payload)))["counter"]


def by_hand(sequence, seed):
    """Counts of Pulser."""
    np.random.seed(seed)  # noqa: NPY002  (the generator that Pulser draws from)
    config = QutipConfig(observables=[BitStrings(num_shots=RUNS, evaluation_times=[1.0])])
    return QutipBackendV2(sequence, config=config).run().final_bitstrings


@pytest.mark.long
@pytest.mark.parametrize("page", PAGES)
def test_counts_of_a_pages_experiment_are_pulsers(page):
    """Of its first job, the one in the middle and the last: samples of one distribution."""
    blocks = BLOCK.findall((DOCS / f"{page}.md").read_text(encoding="utf-8"))
    text = next(block for block in blocks if "kind: Experiment" in block)
    experiment = compiled(parse(text, path="x.yaml")).experiment
    jobs = experiment.jobs
    values = {json.dumps(dict(job.variables)) for job in (jobs[0], jobs[len(jobs) // 2], jobs[-1])}
    sequence = Sequence.from_abstract_repr(experiment.sequence)
    for number, variables in enumerate(sorted(values)):
        found = by_us(experiment.sequence, json.loads(variables), number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = by_hand(sequence.build(**json.loads(variables)), seed=100 + number)

        assert sum(found.values()) == RUNS
        assert p_value(found, expected) > SAME, variables
