"""The folder of evolutions that were computed before."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from runner.local.engines.evolution_cache import Evolution, KeptEvolutions, surplus


def an_evolution(n_states=1, *, value=0.6):
    """An evolution of one qubit."""
    states = np.array([[value, 0.8j]] * n_states, dtype=np.complex128)
    times = tuple((n + 1) / n_states for n in range(n_states))
    return Evolution(
        times=times,
        total_duration_ns=400,
        atom_order=("q0",),
        eigenstates=("r", "g"),
        errors=(1e-5,) * len(times),
        states=states,
    )


def plain(evolution):
    """What can be compared of an evolution."""
    return (
        evolution.times,
        evolution.total_duration_ns,
        evolution.atom_order,
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


def resealed(content, change):
    """A file whose first line of JSON is changed, with a digest that fits."""
    _, line, states = content.split(b"\n", 2)
    sealed = change(line) + b"\n" + states
    return hashlib.sha256(sealed).hexdigest().encode() + b"\n" + sealed


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"", id="emptied"),
        pytest.param(lambda content: content[:-16], id="cut short"),
        pytest.param(lambda content: content[:-1] + b"\1", id="one byte changed"),
        pytest.param(lambda content: content.replace(b"400", b"500"), id="one number changed"),
        pytest.param(lambda content: resealed(content, lambda _: b"{"), id="JSON cut short"),
        pytest.param(lambda content: resealed(content, lambda _: b"[]"), id="JSON of another kind"),
        pytest.param(
            lambda content: resealed(content, lambda line: line.replace(b"[1.0]", b"[0.2, 0.6, 1.0]")),
            id="other number of states",
        ),
    ],
)
def test_damaged_evolution_is_ignored_and_replaced(kept, tmp_path, damage):
    """Nothing is believed that is not whole, and the next one that is kept takes its place."""
    kept.save("k", an_evolution())
    file = tmp_path / "evolutions" / "k"
    file.write_bytes(damage(file.read_bytes()))

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
    kept = KeptEvolutions(tmp_path, max_bytes=15_000)
    for n, name in enumerate("abc"):
        kept.save(name, an_evolution())
        os.utime(tmp_path / name, (n, n))
    kept.load("a")

    kept.save("d", an_evolution())

    assert ["a", "c", "d"] == sorted(file.name for file in tmp_path.iterdir())


def test_surplus_is_what_was_used_longest_ago_also_what_was_left_over():
    """An evolution goes by its last use, and so does what a process that died left behind."""
    sizes = {"a": 10_000, "b": 10_000, "c.0f": 10_000}
    used_at = {"a": 9, "b": 5, "c.0f": 2}

    assert ([], ["b", "c.0f"]) == (surplus(sizes, used_at, 100_000), surplus(sizes, used_at, 20_000))


# Another process that takes a key and holds it until it is ended.
HOLDER = """
import sys, time
from pathlib import Path
from runner.local.engines.evolution_cache import KeptEvolutions
with KeptEvolutions(Path(sys.argv[1])).alone(sys.argv[2]):
    print("held", flush=True)
    time.sleep(300)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the key `k`."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "evolutions"), "k"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_key_that_another_process_holds_is_waited_for(kept, holder):
    """Nobody else has the key before its holder ends, and a holder that is killed has let go of it."""
    got_in = threading.Event()

    def get_in():
        with kept.alone("k"):
            got_in.set()

    waiting = threading.Thread(target=get_in)
    waiting.start()
    was_in = got_in.wait(0.2)
    holder.kill()
    waiting.join()

    assert (False, True) == (was_in, got_in.is_set())


def test_wait_for_another_process_is_bounded(tmp_path, holder):
    """A holder that does not come to its end keeps nobody from computing by itself; nor do other keys."""
    kept, impatient = (KeptEvolutions(tmp_path / "evolutions", patience_s=wait) for wait in (600, 0.01))
    entered = []

    with impatient.alone("k"):
        entered.append("k")
    with kept.alone("l"):
        entered.append("l")

    assert (["k", "l"], None) == (entered, holder.poll())


def test_folder_that_cannot_be_written_keeps_nobody_out(tmp_path):
    """Without a file to lock, everybody computes."""
    (tmp_path / "file").write_text("")

    with KeptEvolutions(tmp_path / "file" / "evolutions").alone("k"):
        entered = True

    assert entered
