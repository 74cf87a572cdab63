"""The cloud on this machine as a server of its own, for clients of PCS."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.local.engines.factory import Execution
from runner.project import late_imports
from runner.project.config.repository import state_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def local_store(root: Path) -> Path:
    """Folder of the local cloud that belongs to a repository."""
    return state_folder(root) / "local-cloud"


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """How the local cloud is served.

    Args:
        port: 0 for any free one.

        config: Its configuration file; None for the defaults.

        execution: How jobs are executed.
    """

    host: str = "127.0.0.1"
    port: int = 0
    config: Path | None = None
    execution: Execution = field(default_factory=Execution)


def serve_local(store: Path, how: Serving, *, on_ready: Callable[[str], None]) -> None:
    """Serves until interrupted or terminated.

    Args:
        store: Folder of everything it keeps.

        how: What else there is to say.

        on_ready: Told the base URL once connections are accepted.

    Raises:
        LocalCloudError: The configuration is not valid, the address cannot be had, another server has the
            store, or the engine needs what is not there.
    """
    settings = late_imports.ServerSettings(
        store=store,
        host=how.host,
        port=how.port,
        execution=how.execution,
        configuration=late_imports.Configuration()
        if how.config is None
        else late_imports.read_configuration(how.config),
    )
    late_imports.serve(settings, on_ready=on_ready)
