"""The Dask cluster that jobs are executed on: joined by its address, or of this machine's own."""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING, Any

import dask.config
from distributed import Client, LocalCluster

from runner.errors import LocalCloudError
from runner.local.dask_worker import differences, versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CONNECT_TIMEOUT_S = 5.0
# A worker that dies costs the attempt that it had: it is the cloud that repeats, with another attempt.
_NO_REPETITION = {"distributed.scheduler.allowed-failures": 0}
# A terminal's Ctrl-C reaches all processes; it is for the server, which ends its workers.
_DEAF = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"


@contextlib.contextmanager
def cluster(scheduler: str | None, workers: int | None) -> Iterator[str]:
    """Address of a running cluster's scheduler; without one, of a cluster of this machine while it lasts.

    Args:
        scheduler: The running cluster's address.

        workers: How many this machine's own has; by default one for each core.
    """
    logging.getLogger("distributed").setLevel(logging.WARNING)  # that of the server's log
    if scheduler is not None:
        yield scheduler
        return
    with (
        dask.config.set(_NO_REPETITION),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers or os.cpu_count() or 1,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",  # any free port; by default it is one that all would share
            worker_dashboard_address=None,
            preload=[_DEAF],
            memory_limit=0,  # it is the children that need memory, and a worker does not see theirs
        ) as ours,
    ):
        yield ours.scheduler_address


def joined(address: str, wanted: dict[str, str]) -> Client:
    """A client of a cluster whose workers can execute our jobs; the caller closes it.

    Args:
        address: Its scheduler's.

        wanted: The versions that workers have to have.

    Raises:
        LocalCloudError: Nobody answers there, or workers have not what they need.
    """
    try:
        client = Client(address, timeout=_CONNECT_TIMEOUT_S, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError) as error:
        raise LocalCloudError(
            f"No Dask scheduler answers at {address}: {error}",
            hint="Start one (`dask scheduler`) and workers (`dask worker ADDRESS --nthreads 1`), or give the"
            " address that it prints with --scheduler. Without --scheduler this machine's cores are used.",
        ) from error
    try:
        _require_equal(wanted, _found(client))
    except BaseException:
        client.close()  # type: ignore[no-untyped-call]
        raise
    return client


def _found(client: Client) -> dict[str, Any]:
    """The versions of the scheduler, which reads what is sent to workers, and of every worker."""
    try:
        scheduler = client.run_on_scheduler(versions)  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001  (that of another machine, whatever it is)
        scheduler = error
    return {"the scheduler": scheduler, **client.run(versions, on_error="return")}


def _require_equal(wanted: dict[str, str], found: Mapping[str, Any]) -> None:
    wrong = {
        worker: f"has no such package ({there})"
        if isinstance(there, BaseException)
        else differences(wanted, there)
        for worker, there in found.items()
    }
    lines = [f"  {worker}: {what}" for worker, what in wrong.items() if what]
    if lines:
        raise LocalCloudError(
            "\n".join(["The Dask cluster cannot execute jobs of this server:", *lines]),
            hint="Install pulser-runner[dask] where the scheduler and every worker runs, with the server's"
            " versions of all of these.",
        )
