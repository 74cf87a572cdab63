"""A manifest that nothing on this machine has any more is made again from the batch."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from fakes import SEQUENCE

from runner.domain.digests import recipe_digest
from runner.reconcile import utc_now
from runner.reconcile.execute.lost_manifests import LostManifests
from runner.results.records.manifest_files import recipe_of

NOISE = {"noise_types": ["SPAM"], "runs": None, "p_false_pos": 0.1, "p_false_neg": 0.0}
TOLD = {"observables": [], "noise_model": NOISE, "with_modulation": False, "dt": 5, "n_trajectories": 1}


@pytest.mark.parametrize("often", [{}, {"n_trajectories": 1}], ids=["by default", "said"])
def test_what_counts_of_an_emulation_is_read_from_what_it_was_told(often):
    """Noise and options, and the trajectories where the recipe says that the file named them."""
    emulation = {"noise_model": {"p_false_pos": 0.1}, "dt": 5} | often
    recipe = recipe_digest(device_type="EMU_SV", sequence=SEQUENCE, emulation=json.dumps(emulation))
    batch = {
        "id": "b1",
        "device_type": "EMU_SV",
        "sequence_builder": SEQUENCE,
        "backend_configuration": json.dumps(TOLD),
    }
    context = SimpleNamespace(
        client=SimpleNamespace(get_batch=lambda _: batch),
        records=SimpleNamespace(manifests=None),
        site=SimpleNamespace(target="emulated:local"),
        now=utc_now,
    )
    manifest = LostManifests(context)._from_batches("exp", recipe[:16], ["b1"])

    assert (emulation, recipe) == (manifest["emulation"], recipe_of(manifest))
    assert {} == LostManifests(context)._from_batches("exp", "0" * 16, ["b1"])
