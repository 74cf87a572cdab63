"""The Dask cluster that jobs are executed on: joined by its address, or of this machine's own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import dask.config
from distributed import Client, LocalCluster

from runner.errors import LocalCloudError
from runner.local.engines.base import sentence
from runner.local.engines.dask_members import Member
from runner.local.engines.dask_worker import OF_SCHEDULER, differences, versions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

T = TypeVar("T")

_ANSWER_S = 10.0
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
    # It shows frames of each connection that is lost; what is lost is said by us.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    if scheduler is not None:
        yield scheduler
        return
    with (
        dask.config.set(_NO_REPETITION),
        LocalCluster(
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


def joined(address: str, wanted: Mapping[str, str]) -> Client:
    """A client of a cluster whose scheduler reads what we send; the caller closes it.

    Args:
        address: Its scheduler's.

        wanted: The server's versions.

    Raises:
        LocalCloudError: Nobody answers there, or it has another version.
    """
    try:
        client = _client(address)
    except Exception as error:
        raise LocalCloudError(
            f"No Dask scheduler answers at {address}: {sentence(error)}",
            hint="Start one (`dask scheduler`) and workers (`dask worker ADDRESS --nthreads 1`), or give the"
            " address that it prints with --scheduler. Without --scheduler this machine's cores are used.",
        ) from error
    try:
        _require_equal(address, wanted, _found(client))
    except BaseException:
        client.close()
        raise
    return client


def _client(address: str) -> Client:
    """A client of a scheduler; TimeoutError if that says nothing: Dask itself may wait without end."""
    made: Future[Client] = Future()

    def make() -> None:
        try:
            client = Client(address, timeout=_CONNECT_TIMEOUT_S, set_as_default=False)
        except BaseException as error:  # what answers there may be anything
            made.set_exception(error)
            return
        made.set_result(client)
        if is_late.is_set():
            client.close()

    is_late = threading.Event()
    threading.Thread(target=make, name="connect-to-scheduler", daemon=True).start()
    try:
        return made.result(3 * _CONNECT_TIMEOUT_S)
    except TimeoutError:
        is_late.set()
        raise


def _found(client: Client) -> dict[str, str] | str:
    """The versions of the scheduler, or why it does not say them."""
    try:
        found: dict[str, str] = asked(client, lambda: client.run_on_scheduler(versions), _ANSWER_S)
    except Exception as error:  # that of another machine, whatever it is
        return sentence(error)
    return found


def _require_equal(address: str, wanted: Mapping[str, str], found: dict[str, str] | str) -> None:
    needed = {name: wanted[name] for name in OF_SCHEDULER if name in wanted}
    wrong = f"no such package ({found})" if isinstance(found, str) else differences(needed, found)
    if wrong:
        raise LocalCloudError(
            f"The Dask scheduler at {address} has {wrong}.",
            hint="Install pulser-runner[dask] where the scheduler and every worker runs, with the server's"
            " versions of all that it needs.",
        )


def asked(client: Client, question: Callable[[], Awaitable[T]], patience_s: float) -> T:
    """The answer to a question of a client's loop; TimeoutError if there is none in time.

    Args:
        client: Whose connection is used.

        question: Called in the client's loop, where its methods are coroutines.

        patience_s: How long to wait (in s). Without a bound a scheduler that was stopped would never let go.
    """

    async def bounded() -> T:
        return await asyncio.wait_for(_awaited(question()), patience_s)

    found: T = client.sync(bounded, asynchronous=False, callback_timeout=2 * patience_s)
    return found


async def _awaited(answer: Awaitable[T]) -> T:
    return await answer


def attendance(dask_scheduler: Any = None) -> list[tuple[str, str, int, float]]:
    """The workers of a scheduler: address, id, threads, and how long nothing was heard of each (in s).

    Args:
        dask_scheduler: What Dask gives a function that runs on the scheduler, by this name.
    """
    now = time.time()
    return [
        (address, str(worker.server_id), worker.nthreads, max(0.0, now - worker.last_seen))
        for address, worker in dask_scheduler.workers.items()
    ]


def members(client: Client, patience_s: float) -> list[Member]:
    """The workers of the cluster as its scheduler sees them; TimeoutError if it does not answer."""
    found = asked(client, lambda: client.run_on_scheduler(attendance), patience_s)
    return [
        Member(address=address, id=id_, n_threads=n_threads, silent_s=silent_s)
        for address, id_, n_threads, silent_s in found
    ]


def introduced(client: Client, member: Member, patience_s: float) -> Member:
    """A worker with the versions that it says it has, or with the reason why it does not."""
    address = member.address
    try:
        said = asked(
            client,
            lambda: client.run(versions, workers=[address], on_error="return"),
            patience_s,
        ).get(address)
    except TimeoutError:
        return replace(member, fault=f"it did not answer within {patience_s:g} s")
    except Exception as error:  # it may be gone
        return replace(member, fault=sentence(error))
    if isinstance(said, dict):
        return replace(member, packages=said, fault="")
    why = sentence(said) if isinstance(said, BaseException) else "it did not answer"
    return replace(member, fault=f"it cannot say which versions it has ({why})")
