"""Labs behind a proxy that misbehaves: a few seeds, each of which is another lab.

More of them: `RUNNER_PROXY_SEEDS=50 pytest -m long tests/integration/test_proxy_seeds.py`, or
`fault_proxy_run`.
"""

from __future__ import annotations

import os

import pytest
from fault_proxy_run import Stage

SEEDS = range(int(os.environ.get("RUNNER_PROXY_SEEDS", "20")))


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A served cloud for all seeds."""
    with Stage(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.mark.long
@pytest.mark.seconds(10)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_promise_is_broken_behind_a_proxy_that_misbehaves(stage, seed):
    """Nothing is bought twice, all is measured and on record in the end, and then nothing is left to do."""
    _, broken = stage.played(seed)

    assert [] == broken
