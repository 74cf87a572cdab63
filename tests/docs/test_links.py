"""Links of the pages, as they are read on a host of the repository; and the picture on top of the README."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from commands import said
from measured_labs import a_measured_lab

ROOT = Path(__file__).parents[2]
PAGES = sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("specs/*.md")))
LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
README = (ROOT / "README.md").read_text(encoding="utf-8")
MOST_BYTES = 60_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files_of_the_repository(page):
    """Without a build; what leads to another host is left alone."""
    links = [found[1] for found in LINK.finditer(CODE.sub("", page.read_text(encoding="utf-8")))]
    own = [link for link in links if link and not re.match(r"[a-z]+:", link)]

    assert [] == [link for link in own if not (page.parent / link).exists()]


def test_the_readme_begins_with_pictures_that_are_there():
    """Small ones, before the first heading."""
    first, _, _ = README.partition("\n## ")
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", first)

    assert ["docs/pictures/afm-ramp.svg", "docs/pictures/afm-register.svg"] == pictures
    assert all(0 < (ROOT / picture).stat().st_size < MOST_BYTES for picture in pictures)


def test_the_commands_that_the_readme_names_draw_these_pictures(tmp_path, monkeypatch, capsys):
    """Title, axes and names of atoms are the same, wherever the experiment has run."""
    experiment = (ROOT / "specs" / "afm-ramp.yaml").read_text(encoding="utf-8")
    lab = a_measured_lab(tmp_path / "lab", experiment=experiment)
    (lab / "specs" / "pair.yaml").rename(lab / "specs" / "afm-ramp.yaml")
    (lab / "docs" / "pictures").mkdir(parents=True)
    monkeypatch.chdir(lab)
    lines = re.findall(r"^runner (plot .* -o (docs/pictures/\S+))$", README, re.MULTILINE)

    assert [0, 0] == [said(capsys, *shlex.split(line))[0] for line, _ in lines]
    for _, path in lines:
        assert _words(lab / path) == _words(ROOT / path)


def _words(path):
    """What is written on a picture, but for numbers."""
    texts = ("".join(each.itertext()).strip() for each in ET.parse(path).iter() if each.tag.endswith("}text"))
    return {text for text in texts if not re.fullmatch(r"[−\d.]*|q\d.*", text)}
