"""The site of docs/: it is built strictly, and asks nothing of other hosts."""

from __future__ import annotations

import logging
import re
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(find_spec("mkdocs") is None, reason="the extra test-long is not installed"),
]

ROOT = Path(__file__).parents[2]

# What a browser fetches by itself; links that a reader follows are none of it.
FETCHED = re.compile(
    r"<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc=[\"']?(?:https?:)?//"
    r"|<link\b[^>]*rel=[\"']?(?:stylesheet|preload|preconnect|icon)[^>]*href=[\"']?(?:https?:)?//"
    r"|<link\b[^>]*href=[\"']?(?:https?:)?//[^>]*rel=[\"']?(?:stylesheet|preload|preconnect|icon)"
)
IMPORTED = re.compile(r"(?:url\(\s*|@import\s+)[\"']?(?:https?:)?//")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site, and what the build has warned of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mkdocs's own affair; what it says of our pages is logged
        from mkdocs.commands.build import build  # noqa: PLC0415  (what its import warns of is its own)
        from mkdocs.config import load_config  # noqa: PLC0415  (see above)

        folder = tmp_path_factory.mktemp("site")
        said = _Said()
        logging.getLogger("mkdocs").addHandler(said)
        try:
            config = load_config(str(ROOT / "mkdocs.yml"), strict=True, site_dir=str(folder))
            build(config)
        finally:
            logging.getLogger("mkdocs").removeHandler(said)
    return folder, said.warnings


class _Said(logging.Handler):
    """Keeps warnings."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.warnings = []

    def emit(self, record):
        self.warnings.append(record.getMessage())


def test_links_anchors_and_navigation_are_complete(site):
    """A page that is in no menu, and a link that leads nowhere, are warnings; there are none."""
    assert [] == site[1]


def test_every_page_and_every_format_is_there(site):
    """Those of the folder, and those that are made at the build."""
    built = {path.relative_to(site[0]).with_suffix(".md").as_posix() for path in site[0].rglob("*.html")}
    written = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    made = {path.name.partition(".")[0] for path in (ROOT / "schemas").glob("*.json")} | {
        "commands",
        "python",
    }

    assert written | {f"reference/{name}.md" for name in made} | {"404.md"} == built


def test_the_site_asks_nothing_of_other_hosts(site):
    """No font, script, picture or style comes from elsewhere."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in site[0].rglob("*.html")}
    styles = {path.name: path.read_text(encoding="utf-8") for path in site[0].rglob("*.css")}

    assert len(styles) > 0
    assert [] == [name for name, text in pages.items() if FETCHED.search(text)]
    assert [] == [name for name, text in (pages | styles).items() if IMPORTED.search(text)]
