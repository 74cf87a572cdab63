"""Pictures of the pages: what differs between the one that a page shows and the one that its commands draw.

python tests/docs/page_pictures.py worked-rabi      runs a page, and keeps the pictures that it draws
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator

PICTURES: Final = Path(__file__).parents[2] / "docs" / "pictures"
MOST_BYTES: Final = 25 * 1024
# Parts of the axes by which a mark may lie elsewhere. What is sampled differs each time: a quarter is five
# standard errors of the difference of two probabilities of 1/2 that were measured in 200 runs each.
SAMPLED: Final = 0.25
EVALUATED: Final = 0.01

_SVG: Final = "{http://www.w3.org/2000/svg}"
_NUMBER: Final = re.compile(r"[−-]?\d[\d.]*(?:e[+-]?\d+)?")
_FRAME: Final = "patch_2"


def difference(kept: bytes, drawn: bytes, within: float) -> str:
    """What is another thing on the second picture; nothing if they show the same.

    Words are compared without their numbers, marks and bars by their places.

    Args:
        within: How far a mark may lie from where it was, as a part of the width or height of the axes.
    """
    before, after = ET.fromstring(kept), ET.fromstring(drawn)
    if words(before) != words(after):
        return f"other words: {sorted(words(before) ^ words(after))}"
    old, new = places(before), places(after)
    if len(old) != len(new):
        return f"{len(new)} marks, not {len(old)}"
    far = max((max(abs(a - x), abs(b - y)) for (a, b), (x, y) in zip(old, new, strict=True)), default=0.0)
    return f"a mark is {far:.3f} of the axes away from where it was" if far > within else ""


def words(picture: ET.Element) -> set[str]:
    """What is written on a picture, with # for each number; the lines of a text as one."""
    groups = (group for group in picture.iter(f"{_SVG}g") if group.get("id", "").startswith("text_"))
    texts = (" ".join(" ".join(each.itertext()) for each in group.iter(f"{_SVG}text")) for group in groups)
    return {_NUMBER.sub("#", " ".join(text.split())) for text in texts}


def places(picture: ET.Element) -> list[tuple[float, float]]:
    """Where marks are, and the corners of bars, as parts of the axes."""
    axes = next(group for group in picture.iter(f"{_SVG}g") if group.get("id") == "axes_1")
    corners = _corners(next(group for group in axes if group.get("id") == _FRAME))
    xs, ys = zip(*corners, strict=True)
    left, bottom, width, height = min(xs), max(ys), max(xs) - min(xs), max(ys) - min(ys)
    return [((x - left) / width, (bottom - y) / height) for part in axes for x, y in _points(part)]


def _points(part: ET.Element) -> Iterator[tuple[float, float]]:
    clipped = (each for each in part.iter(f"{_SVG}g") if each.get("clip-path"))
    for mark in (mark for group in clipped for mark in group.iter(f"{_SVG}use")):
        yield float(mark.get("x", "0")), float(mark.get("y", "0"))
    if part.get("id", "").startswith("patch_") and any(path.get("clip-path") for path in part):
        yield from _corners(part)


def _corners(part: ET.Element) -> list[tuple[float, float]]:
    drawn = (path.get("d", "") for path in part.iter(f"{_SVG}path"))
    pairs = (pair for d in drawn for pair in re.findall(r"[ML] (\S+) (\S+)", d))
    return list(starmap(_pair, pairs))


def _pair(x: str, y: str) -> tuple[float, float]:
    return float(x), float(y)


def keep(name: str) -> list[str]:
    """Runs a page in a folder of its own and keeps its pictures; answers what is wrong with its blocks.

    Args:
        name: Of the page, as `worked-rabi`.
    """
    from page_blocks import all_pages  # noqa: PLC0415  (of the same folder, which a test has to add)
    from page_lab import Lab, end, new_repository  # noqa: PLC0415  (see above)

    asked = next(page for page in all_pages() if page.name == name)
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder))
        new_repository(lab.folder)
        os.chdir(lab.folder)
        try:
            if asked.first:
                subprocess.run(["bash", "-e", "-c", asked.first], check=True)
            wrong = [
                said for block in asked.blocks if not block.reason for said in [_run(lab, block)] if said
            ]
            for picture in asked.pictures:
                (PICTURES / picture).write_bytes((lab.folder / picture).read_bytes())
        finally:
            end(lab)
            os.chdir(PICTURES)
    return wrong


def _run(lab: Any, block: Any) -> str:
    said: str = lab.run(block)
    sys.stdout.write(f"line {block.line}: {block.language} {block.file}\n{lab.printed}\n")
    return said


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]
    os.environ["COLUMNS"] = "100"
    sys.exit("\n\n".join(said for name in sys.argv[1:] for said in keep(name)))
