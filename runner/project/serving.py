"""The cloud on this machine as a server of its own, for any client of PCS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.project.repository import state_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def local_store(root: Path) -> Path:
    """Folder of the local cloud that belongs to a repository."""
    return state_folder(root) / "local-cloud"


def serve_local(
    store: Path, *, host: str, port: int, on_ready: Callable[[str], None], config: Path | None = None
) -> None:
    """Serves until interrupted or terminated.

    Args:
        store: Folder of everything it keeps.

        port: 0 for any free one.

        on_ready: Told the base URL once connections are accepted.

        config: Its configuration file; None for the defaults.

    Raises:
        LocalCloudError: The configuration is not valid, the address cannot be had, or another server has the
            store.
    """
    # uvicorn and pydantic's models of faults are needed only here
    from runner.local.configuration import Configuration, read_configuration  # noqa: PLC0415
    from runner.local.server import Settings, serve  # noqa: PLC0415

    configuration = Configuration() if config is None else read_configuration(config)
    serve(Settings(store=store, host=host, port=port, configuration=configuration), on_ready=on_ready)
