"""The dashboard as files: each page as HTML and as data, for a server that knows nothing of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import runner.pages
from runner.atomic_file import write_atomically
from runner.dashboard.pages.spending import as_csv
from runner.dashboard.pictures import KINDS
from runner.dashboard.site import Sources, as_json, html, page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.dashboard.pictures import Pictures
    from runner.dashboard.sight import Sight

_MODE: Final = 0o644  # others are to read it


def export(sight: Sight, pictures: Pictures, known: Sources, folder: Path) -> int:
    """Writes all pages into a folder; answers how many there are.

    Args:
        known: What is read of the repository.
    """
    count = 0
    for path in _paths(sight):
        made = page(sight, path, {}, known)
        if made is None:
            continue
        place = folder / path
        place.mkdir(parents=True, exist_ok=True)
        text = html(sight, made, root="../" * path.count("/"), is_live=False)
        write_atomically(place / "index.html", text, mode=_MODE)
        write_atomically(place / "index.json", as_json(made.data), mode=_MODE)
        if path == "spend/":
            write_atomically(place / "index.csv", as_csv(made.data), mode=_MODE)
        count += 1
    for name in sight.experiments:
        _draw(sight, pictures, name, folder / "experiments" / name)
    shutil.copy(Path(runner.pages.__file__).parent / "templates" / "style.css", folder / "style.css")
    shutil.copy(Path(__file__).parent / "templates" / "icon.svg", folder / "icon.svg")
    return count


def _paths(sight: Sight) -> Iterator[str]:
    yield from ("", "queue/", "spend/", "holds/", "activity/")
    for name in sight.experiments:
        yield f"experiments/{name}/"
        if sight.experiments[name].desired.strategy:
            yield f"experiments/{name}/strategy/"
        made = page(sight, f"experiments/{name}/", {}, Sources(read=lambda _: ""))
        for row in made.data["jobs"] if made else ():
            yield f"experiments/{name}/jobs/{row['key']}/"


def _draw(sight: Sight, pictures: Pictures, name: str, folder: Path) -> None:
    for kind in KINDS:
        drawn = pictures.drawn(sight, name, kind)
        if drawn is not None:
            write_atomically(folder / f"{kind}.svg", drawn, mode=_MODE)
