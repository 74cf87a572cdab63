"""Reports of bugs: files for the owner of a checkout alone, and no more than a few of them."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import runner
from runner.cli import late_imports

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST: Final = 20
_NAME: Final = "bug-{}.txt"
_OWNER_ALONE: Final = 0o700


def write_report() -> Path | None:
    """Writes down the error that is being handled; None where no folder takes it."""
    text = f"runner {runner.__version__}, Python {sys.version}\n\n{traceback.format_exc()}"
    for folder in _folders():
        with suppress(OSError):
            folder.mkdir(mode=_OWNER_ALONE, parents=True, exist_ok=True)
            place = folder / _NAME.format(f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z")
            place.write_text(text, encoding="utf-8")
            _forget_oldest(folder)
            return place
    return None


def _folders() -> Iterator[Path]:
    """Where a report may go: into the checkout's own folder, else the user's."""
    with suppress(Exception):  # it may be what is broken
        root = late_imports.find_root(Path.cwd())
        marks = (late_imports.FILE_NAME, ".git", late_imports.STATE_FOLDER)
        if any((root / name).exists() for name in marks):
            yield late_imports.state_folder(root) / "reports"
    with suppress(RuntimeError):  # there is no home folder
        yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pulser-runner" / "reports"


def _forget_oldest(folder: Path) -> None:
    for place in sorted(folder.glob(_NAME.format("*")))[:-MOST]:
        place.unlink(missing_ok=True)
