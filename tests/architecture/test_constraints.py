"""constraints.txt: the versions that a new machine gets, so that no new release breaks it."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
BUILD = PROJECT["build-system"]["requires"]
LINES = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = [line.partition("==") for line in LINES]
PINNED = {canonicalize_name(name): version for name, _, version in PINS}


def unmet(texts):
    """Those of some requirements that no pin meets."""
    return [text for text in texts if not _is_met(Requirement(text))]


def _is_met(wanted):
    version = PINNED.get(canonicalize_name(wanted.name))
    return version is not None and wanted.specifier.contains(version)


def needed(name):
    """The names of a package and of what it needs here with all extras, as far as that is installed."""
    seen, waiting = set(), {(name, extra) for extra in ("", *EXTRAS)}
    while waiting:
        seen.add(one := waiting.pop())
        for each in of_installed(one[0]):
            if each.marker is None or each.marker.evaluate({"extra": one[1]}):
                waiting |= {(canonicalize_name(each.name), extra) for extra in ("", *each.extras)} - seen
    return {name for name, _ in seen}


def of_installed(name):
    """What an installed package requires; nothing for one that is not installed."""
    try:
        return [Requirement(text) for text in requires(name) or ()]
    except PackageNotFoundError:
        return []


def test_it_holds_names_and_versions_alone():
    """In one order, each once; a local version like 2.13.0+cpu would suit one kind of machine."""
    line = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][0-9a-z.]*")

    assert [] == [each for each in LINES if not line.fullmatch(each)]
    assert sorted(PINS, key=lambda pin: pin[0].lower()) == PINS
    assert len(PINNED) == len(LINES)


def test_every_dependency_has_a_pin_within_its_range():
    """Those of all extras, and of what builds."""
    wanted = [*BUILD, *PROJECT["project"]["dependencies"], *chain.from_iterable(EXTRAS.values())]

    assert [] == unmet(wanted)
    assert ["click>=99", "no-such-package"] == unmet(["click>=99", "no-such-package", "click"])


def test_what_builds_is_pinned_where_pip_looks_for_it():
    """In pyproject.toml, to the same versions: pip does not apply constraints there."""
    assert [f"{name}=={PINNED[name]}" for name in sorted(Requirement(each).name for each in BUILD)] == BUILD


def test_every_dependency_of_a_dependency_has_a_pin():
    """As far as it is installed here."""
    assert set() == needed("pulser-runner") - set(PINNED) - {"pulser-runner"}
    assert {"contourpy", "pulser-core", "execnet"} <= needed("pulser-runner")


def test_whatever_the_readme_and_ci_install_is_constrained():
    """Both commands of the README, and what CI adds; its look at the newest versions is another file."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", ".ci/run")]
    installs = [re.findall(r"pip install (.*?)(?: &&|$)", text, flags=re.MULTILINE) for text in texts]

    assert [
        ["-c constraints.txt -e .", "-c constraints.txt -e '.[test]'"],
        [f"-c constraints.txt -e '.[{extras}]'" for extras in ("test", "test-long", "emu-sv,emu-mps")],
    ] == installs
