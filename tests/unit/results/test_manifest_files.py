"""Manifests on disk."""

from __future__ import annotations

import json

import pytest
from builders import RECIPE, SEQUENCE, a_record

from runner.results import Records

SHORT = RECIPE[:16]
MANIFEST = {"device_type": "EMU_FREE", "sequence": json.loads(SEQUENCE), "recipe": RECIPE}


@pytest.fixture
def folder(tmp_path):
    """One job on record, with its manifest, of which a copy is kept."""
    records = Records(tmp_path / "results", tmp_path / "kept")
    records.add("exp", [a_record()])
    records.write_manifest("exp", SHORT, MANIFEST)
    return tmp_path


def manifests(folder, kept="kept"):
    """As another process finds them."""
    return Records(folder / "results", folder / kept).manifests


def test_a_manifest_that_was_taken_away_comes_back_as_it_was(folder):
    """Byte by byte, so that git sees no change."""
    path = folder / "results" / "exp" / SHORT / "manifest.json"
    before = path.read_bytes()
    path.unlink()
    known = manifests(folder)

    assert ([SHORT], True, []) == (known.missing("exp"), known.restore("exp", SHORT), known.missing("exp"))
    assert before == path.read_bytes()


def test_a_former_name_may_have_the_manifest(folder):
    """Also where this machine keeps no copy."""
    Records(folder / "results").add("duo", [a_record()])
    known = manifests(folder, "none")

    assert ([SHORT], True) == (known.missing("duo"), known.restore("duo", SHORT))
    assert MANIFEST == known.read("duo", SHORT)


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", json.dumps(MANIFEST | {"device_type": "EMU_SV"})])
def test_what_does_not_make_the_recipe_is_not_put_back(folder, text):
    """Whatever the copy has become."""
    path = folder / "results" / "exp" / SHORT / "manifest.json"
    path.unlink()
    (folder / "kept" / "exp" / SHORT / "manifest.json").write_text(text, encoding="utf-8")

    assert (False, False) == (manifests(folder).restore("exp", SHORT), path.exists())
