"""The physics of one job, in a worker process: JSON text in, JSON text out.

This module imports Pulser's simulation, which takes more than a second; only workers import it.
"""

from __future__ import annotations

import json
import random
import warnings
from functools import lru_cache
from typing import Any

import numpy as np
from pulser import Sequence
from pulser.backend import BitStrings
from pulser_simulation import QutipBackendV2, QutipConfig

from runner.local.pulser_sequences import built

_KEPT_SEQUENCES = 64


def emulate(payload: str) -> str:
    """Build the sequence, evolve it, measure it; see `runner.local.engine.payload` for what goes in.

    The same payload gives the same counts, always: QutipBackendV2 has no seed argument and draws from the
    generators that are seeded here.
    """
    asked = json.loads(payload)
    np.random.seed(asked["seed"])  # noqa: NPY002  (the generator that Pulser draws from)
    random.seed(asked["seed"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sequence = built(_parsed(asked["sequence"]), asked["variables"])
        config = QutipConfig(observables=[BitStrings(num_shots=asked["runs"])])
        results = QutipBackendV2(sequence, config=config).run()
    return json.dumps(
        {
            "counter": dict(sorted(results.final_bitstrings.items())),
            "serialised_results": results.to_abstract_repr(),
        }
    )


@lru_cache(maxsize=_KEPT_SEQUENCES)
def _parsed(sequence: str) -> Sequence[Any]:
    return Sequence.from_abstract_repr(sequence)
