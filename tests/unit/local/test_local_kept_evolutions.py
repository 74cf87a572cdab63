"""The folder of evolutions that were computed before."""

from __future__ import annotations

import hashlib
import io
import json
import os

import numpy as np
import pytest

from runner.local.kept_evolutions import Evolution, KeptEvolutions, surplus


def an_evolution(n_states=1, *, value=0.6):
    """An evolution of one qubit."""
    states = np.array([[value, 0.8j]] * n_states, dtype=np.complex128)
    times = tuple((n + 1) / n_states for n in range(n_states))
    return Evolution(times=times, total_duration_ns=400, eigenstates=("r", "g"), states=states)


def plain(evolution):
    """What can be compared of an evolution."""
    return (
        evolution.times,
        evolution.total_duration_ns,
        evolution.eigenstates,
        evolution.states.tolist(),
    )


@pytest.fixture
def kept(tmp_path):
    """An empty folder."""
    return KeptEvolutions(tmp_path / "evolutions")


def test_evolution_is_found_again_by_another_process(kept, tmp_path):
    """What was kept is there to the last bit, also for who opens the folder later."""
    kept.save("k", an_evolution(3))

    found = KeptEvolutions(tmp_path / "evolutions").load("k")

    assert plain(an_evolution(3)) == plain(found)


def test_nothing_is_found_that_was_not_kept(kept):
    """An unknown key, and a folder that is not there, are answered alike."""
    before = kept.load("k")
    kept.save("k", an_evolution())

    assert (None, None) == (before, kept.load("other"))


def broken_pickle(folder):
    """An array that only pickle could read, with a digest that fits."""
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (folder / "k.npy").write_bytes(stream.getvalue())
    about = json.loads((folder / "k.json").read_text())
    about["sha256"] = hashlib.sha256(stream.getvalue()).hexdigest()
    (folder / "k.json").write_text(json.dumps(about))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda folder: (folder / "k.npy").write_bytes(b""), id="array emptied"),
        pytest.param(lambda folder: (folder / "k.npy").unlink(), id="array lost"),
        pytest.param(lambda folder: (folder / "k.json").write_text("{"), id="JSON cut short"),
        pytest.param(lambda folder: (folder / "k.json").write_text("[]"), id="JSON of another kind"),
        pytest.param(lambda folder: (folder / "k.json").unlink(), id="JSON lost"),
        pytest.param(
            lambda folder: (folder / "k.npy").write_bytes((folder / "k.npy").read_bytes()[:-1] + b"\1"),
            id="one byte changed",
        ),
        pytest.param(broken_pickle, id="pickled array"),
    ],
)
def test_damaged_evolution_is_ignored_and_replaced(kept, tmp_path, damage):
    """Nothing is believed that is not whole, and the next one that is kept takes its place."""
    kept.save("k", an_evolution())
    damage(tmp_path / "evolutions")

    damaged = kept.load("k")
    kept.save("k", an_evolution(value=-0.6))

    assert (None, plain(an_evolution(value=-0.6))) == (damaged, plain(kept.load("k")))


def test_folder_that_cannot_be_written_costs_nothing(tmp_path):
    """An evolution that can't be kept is only not kept."""
    (tmp_path / "file").write_text("")
    kept = KeptEvolutions(tmp_path / "file" / "evolutions")

    assert (None, None) == (kept.save("k", an_evolution()), kept.load("k"))


def test_what_was_not_used_for_the_longest_time_goes_first(tmp_path):
    """The folder stays within its bound, and an evolution in use stays in it."""
    kept = KeptEvolutions(tmp_path, max_bytes=30_000)
    for n, name in enumerate("abc"):
        kept.save(name, an_evolution())
        for file in tmp_path.glob(f"{name}.*"):
            os.utime(file, (n, n))
    kept.load("a")

    kept.save("d", an_evolution())

    assert ["a", "c", "d"] == sorted({file.stem for file in tmp_path.iterdir()})


def test_surplus_is_whole_evolutions_also_when_files_are_left_over():
    """Both files of an evolution go together, and so does what a process that died left behind."""
    sizes = {"a.npy": 10_000, "a.json": 100, "b.npy": 10_000, "b.json": 100, "c.npy.0f": 10_000}
    used_at = {"a.npy": 1, "a.json": 9, "b.npy": 5, "b.json": 5, "c.npy.0f": 2}

    assert ([], ["b.json", "b.npy", "c.npy.0f"]) == (
        surplus(sizes, used_at, 100_000),
        surplus(sizes, used_at, 20_000),
    )
