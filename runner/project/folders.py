"""Folders that `runner.toml` names: how they are written."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator


def _in_repository(name: str) -> str:
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name:
        raise ValueError(f"{name!r} is no folder in the repository: write it from the root, as specs/qpu")
    return str(path)


InRepository = Annotated[str, AfterValidator(_in_repository)]
