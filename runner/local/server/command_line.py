"""Options of `python -m runner.local`."""

from __future__ import annotations

import argparse
import gc
import logging
import sys
from pathlib import Path
from typing import Final

from runner.errors import LocalCloudError
from runner.local.engines.factory import EngineKind, Execution
from runner.local.engines.worker_process import start_template
from runner.local.server.launch import STORE_TAKEN

# Of objects that were made and are still there, before garbage in cycles is looked for: imports make many.
_ALLOCATIONS: Final = 50_000


def main() -> int:
    """Serve until told to end; gives the exit code."""
    gc.set_threshold(_ALLOCATIONS, *gc.get_threshold()[1:])
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    parser = _parser()
    asked = parser.parse_args()
    execution = Execution(
        engine=asked.engine,
        scheduler=asked.scheduler,
        workers=asked.workers,
        shares_evolutions=asked.shared_evolutions,
    )
    if execution.contradiction is not None:
        parser.error(execution.contradiction)
    start_template()
    return _served(asked, execution)


def _served(asked: argparse.Namespace, execution: Execution) -> int:
    # Workers are waited for longest: they import what they need while the server does.
    from runner.local.protocol.configuration import Configuration, read_configuration  # noqa: PLC0415
    from runner.local.server.server import ServerSettings, StoreTakenError, serve  # noqa: PLC0415

    try:
        serve(
            ServerSettings(
                store=asked.store,
                host=asked.host,
                port=asked.port,
                idle_exit_s=asked.idle_exit_s,
                execution=execution,
                configuration=Configuration() if asked.config is None else read_configuration(asked.config),
                is_private=asked.private,
            )
        )
    except StoreTakenError:
        return STORE_TAKEN
    except LocalCloudError as error:
        sys.stderr.write(f"{error}\n{error.hint}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m runner.local", description="The cloud on this machine.")
    parser.add_argument("--store", type=Path, required=True, help="folder that everything is kept in")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; other than loopback only with tokens"
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 for any free one")
    parser.add_argument(
        "--private", action="store_true", help="take calls only with the token that is written into the store"
    )
    parser.add_argument("--idle-exit-s", type=float, help="end after so long without requests or work")
    parser.add_argument("--config", type=Path, help="configuration file, TOML or JSON")
    parser.add_argument(
        "--shared-evolutions",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether noiseless jobs that differ only in runs are evolved once",
    )
    parser.add_argument(
        "--engine",
        type=EngineKind,
        choices=list(EngineKind),
        default=EngineKind.PROCESSES,
        help="what executes jobs: processes of this machine, or a Dask cluster",
    )
    parser.add_argument("--scheduler", help="address of a running Dask cluster, like tcp://10.0.0.1:8786")
    parser.add_argument("--workers", type=_at_least_one, help="workers on this machine; one for each core")
    return parser


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
