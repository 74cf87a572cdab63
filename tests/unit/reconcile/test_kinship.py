"""What counts as the same by the constants of the device: the table of the page is run here."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from builders import a_wanted_job, an_experiment

from runner.domain import DeviceSource, OnDeviceChange, Policy
from runner.domain.identity import OTHER_CONSTANTS, UNPROVED, device_constants, measured_constants
from runner.reconcile.model.kinship import Kin, changes, changes_said, device_source, kin

MEASURE = Policy(on_device_change=OnDeviceChange.MEASURE)


def a_sequence(**constants):
    """A sequence of the XY basis, which uses both numbers of its device."""
    device = {
        "name": "MockDevice",
        "rydberg_level": 70,
        "interaction_coeff_xy": 36288,
        "max_runs": 100,
        "channels": [{"id": "mw_global", "basis": "XY", "addressing": "Global"}],
    }
    return json.dumps({"device": device | constants, "channels": {"mw": "mw_global"}, "operations": []})


def digest_of(**constants):
    """The digest of what was measured."""
    return measured_constants(a_sequence(**constants), "EMU_FREE")


def values_of(*some):
    """What is known of digests."""
    return {digest_of(**each): device_constants(a_sequence(**each), "EMU_FREE") for each in some}


def wanted(*said, emulated=True, policy=None, device_type="EMU_FREE"):
    """An experiment whose file says some constants itself."""
    return an_experiment(
        sequence=a_sequence(),
        said_constants=said,
        emulated=emulated,
        policy=policy,
        device_type=device_type,
    )


OLD = {"interaction_coeff_xy": 3700}
BOTH = {"interaction_coeff_xy": 3700, "rydberg_level": 60}


@pytest.mark.parametrize(
    ("desired", "measured", "expected"),
    [
        (wanted(), {}, Kin.SAME),
        (wanted(), {"max_runs": 5}, Kin.SAME),
        (wanted(), OLD, Kin.CHANGED),
        (wanted("interaction_coeff_xy"), OLD, Kin.OTHER),
        (wanted("rydberg_level"), OLD, Kin.CHANGED),
        (wanted("rydberg_level"), BOTH, Kin.OTHER),
        (wanted("interaction_coeff_xy"), BOTH, Kin.CHANGED),
        (wanted("interaction_coeff_xy", "rydberg_level"), BOTH, Kin.OTHER),
        (wanted("*"), BOTH, Kin.OTHER),
        (wanted(policy=MEASURE), OLD, Kin.OTHER),
        (wanted(emulated=False), OLD, Kin.SAME),
        (wanted("*", emulated=False, device_type="FRESNEL"), OLD, Kin.SAME),
        (wanted("*", emulated=False, policy=MEASURE), BOTH, Kin.SAME),
    ],
)
def test_constants_count_where_it_is_emulated(desired, measured, expected):
    """Those that the file says make another experiment; of others a person decides; limits say nothing.

    The coefficient is said with a level that is another one, and not where it has changed alone.
    """
    assert expected == kin(desired, None, digest_of(**measured), values_of(measured))


@pytest.mark.parametrize(
    ("have", "expected"),
    [("", Kin.SAME), (UNPROVED, Kin.UNPROVED), (OTHER_CONSTANTS, Kin.OTHER), ("f" * 16, Kin.CHANGED)],
)
def test_what_is_not_known_is_no_reason_to_buy(have, expected):
    """Unless a person has said so, or the file says all constants itself."""
    assert expected == kin(wanted(), None, have, {})
    assert Kin.SAME is kin(wanted(emulated=False), None, have, {})


def test_a_job_of_its_own_sequence_has_its_own_constants():
    """Whatever the others have."""
    own = replace(a_wanted_job(), sequence=a_sequence(**OLD), said_constants=("*",))
    desired = replace(wanted(), jobs=(own,))

    assert Kin.SAME is kin(desired, own, digest_of(**OLD), {})
    assert Kin.OTHER is kin(desired, own, digest_of(), {})
    assert Kin.CHANGED is kin(desired, None, digest_of(**OLD), {})


def test_a_job_of_its_own_sequence_has_a_source_of_its_own():
    """Of those constants that the file does not say."""
    plain = a_wanted_job()
    own = replace(plain, sequence=a_sequence(), device_source=DeviceSource.PYTHON)
    desired = replace(wanted(), jobs=(own,), device_source=DeviceSource.TARGET)
    sources = [device_source(desired, each) for each in (own, plain, None)]

    assert [DeviceSource.PYTHON, DeviceSource.TARGET, DeviceSource.TARGET] == sources


def test_both_values_are_told():
    """By their paths, with what was measured first."""
    changed = changes(wanted(), None, digest_of(**BOTH), values_of(BOTH))

    assert "rydberg_level 60 → 70, interaction_coeff_xy 3700 → 36288" == changes_said([changed, changed])
