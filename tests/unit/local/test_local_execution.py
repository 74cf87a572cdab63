"""Which options of execution go together."""

from __future__ import annotations

import pytest

from runner.local.engines.factory import EngineKind, Execution

ADDRESS = "tcp://10.0.0.1:8786"


@pytest.mark.parametrize(
    ("execution", "expected"),
    [
        (Execution(), None),
        (Execution(workers=2), None),
        (Execution(engine=EngineKind.DASK), None),
        (Execution(engine=EngineKind.DASK, workers=2), None),
        (Execution(engine=EngineKind.DASK, scheduler=ADDRESS), None),
        (Execution(engine=EngineKind.DASK, scheduler="lab.example:8786"), None),
        (Execution(scheduler=ADDRESS), "--scheduler needs --engine dask."),
        (
            Execution(engine=EngineKind.DASK, scheduler="lab.example"),
            "--scheduler is an address like tcp://10.0.0.1:8786, not lab.example.",
        ),
        (
            Execution(engine=EngineKind.DASK, scheduler=ADDRESS, workers=2),
            "--workers is about this machine; those of a --scheduler are started with `dask worker`.",
        ),
    ],
)
def test_contradictory_options_are_told(execution, expected):
    """In words of who gave them; what goes together is not."""
    assert expected == execution.contradiction
