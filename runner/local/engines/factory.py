"""How a server executes jobs: which engine, and with what. Light: engines are imported when one is wanted."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import LocalCloudError

if TYPE_CHECKING:
    from runner.local.engines.base import RunningEngine

_FOLDER = Path("evolutions")
_ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?[^\s/]+:\d{1,5}")


class EngineKind(StrEnum):
    """What executes jobs."""

    PROCESSES = "processes"
    DASK = "dask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How jobs are executed.

    Args:
        engine: What executes them.

        scheduler: Address of a running Dask cluster's scheduler; without one Dask has this machine only.

        workers: Workers on this machine; by default one for each core.

        shares_evolutions: Whether noiseless jobs that differ only in runs are evolved once, and evolutions
            are kept for that: in the store, or by each worker of a cluster.
    """

    engine: EngineKind = EngineKind.PROCESSES
    scheduler: str | None = None
    workers: int | None = None
    shares_evolutions: bool = True

    @property
    def contradiction(self) -> str | None:
        """What cannot be, as a sentence about options; None if nothing."""
        if self.scheduler is None:
            return None
        if self.engine is not EngineKind.DASK:
            return "--scheduler needs --engine dask."
        if not _ADDRESS.fullmatch(self.scheduler):
            return f"--scheduler is an address like tcp://10.0.0.1:8786, not {self.scheduler}."
        if self.workers is not None:
            return "--workers is about this machine; those of a --scheduler are started with `dask worker`."
        return None


def engine(execution: Execution, store: Path) -> RunningEngine:
    """The engine, ready to be started; the caller closes it.

    Args:
        execution: Which one.

        store: Folder of the server's store.

    Raises:
        LocalCloudError: It needs what is not there: a package, a cluster, or workers of the same kind.
    """
    if execution.engine is EngineKind.DASK:
        return _dask_engine(execution, store)
    from runner.local.engines.process_engine import ProcessEngine, emulated  # noqa: PLC0415  (only what is wanted)

    kept = store / _FOLDER if execution.shares_evolutions else None
    return ProcessEngine(execution.workers, work=functools.partial(emulated, kept=kept))


def _dask_engine(execution: Execution, store: Path) -> RunningEngine:
    try:
        from runner.local.engines.dask_engine import DaskEngine  # noqa: PLC0415  (an extra)
        from runner.local.engines.dask_worker import Work  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise LocalCloudError(
            f"The engine dask needs the package {error.name}, which is not installed.",
            hint="Install it with: pip install 'pulser-runner[dask]'",
        ) from error
    # A worker elsewhere cannot write to our store: it keeps what it knows in a folder of its own.
    folder = _FOLDER if execution.scheduler else store.resolve() / _FOLDER
    work = Work(kept=folder if execution.shares_evolutions else None)
    return DaskEngine(execution.scheduler, workers=execution.workers, work=work)
