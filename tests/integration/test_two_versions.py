"""Two clones with different versions of one file work at the same time, and undo nothing of each other."""

from __future__ import annotations

from itertools import count

import commands
import pytest
from proxied import ServedCloud

SETTINGS = 'target = "test"\n[targets.test]\nurl = "{url}"\nsettle_s = 1.0\nlease_s = 3.0\npoll_s = 0.1\n'
# A few: each clone's claim and what it had to give up of it, for one purchase of each.
MOST_BATCHES = 8
NUMBERS = count()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """A served cloud."""
    with ServedCloud(tmp_path_factory.mktemp("two-versions") / "store") as cloud:
        yield cloud


@pytest.fixture(autouse=True)
def well(cloud):
    """What one test makes of the cloud is over for the next."""
    yield
    cloud.pause()


def two_clones(folder, cloud, *jobs, amplitudes=("6.28", "6.28")):
    """Folders of one namespace, each with its own version of the file."""
    namespace = f"two-versions-{next(NUMBERS)}"
    before = commands.EXPERIMENT.partition("  jobs:\n")[0]
    return [
        commands.a_lab(
            folder / name,
            experiment=f"{before.replace('6.28', amplitude)}  jobs:\n    - {line}\n",
            settings=SETTINGS.format(url=cloud.url),
            namespace=namespace,
        )
        for name, line, amplitude in zip(("ada", "bob"), jobs, amplitudes, strict=True)
    ]


def runs_on_record(lab):
    """Counts of each point that a clone has, added up."""
    runs = {}
    for record in commands.records_of(lab):
        t_ns = record["variables"]["t_ns"]
        runs[t_ns] = runs.get(t_ns, 0) + sum(record["counts"].values())
    return runs


@pytest.mark.long
@pytest.mark.seconds(25)
@pytest.mark.parametrize(
    ("ada", "bob", "bought"),
    [
        ("{runs: 20, variables: {t_ns: 100}}", "{runs: 30, variables: {t_ns: 100}}", {100: 30}),
        (
            "{runs: 20, variables: {t_ns: 100}}",
            "{runs: 20, sweep: {t_ns: [100, 200]}}",
            {100: 20, 200: 20},
        ),
    ],
    ids=["more runs", "a line more"],
)
def test_two_versions_come_to_an_end(tmp_path, cloud, ada, bob, bought):
    """Both have what they ask for; the larger one has bought the difference, in a few batches."""
    clones = two_clones(tmp_path, cloud, ada, bob)
    processes = [commands.start(clone, "apply", "specs", "--yes", "--timeout", "60") for clone in clones]
    ends = [(*process.communicate(timeout=commands.TIMEOUT_S), process.returncode) for process in processes]
    namespace = commands.namespace_of(clones[0])

    assert [0, 0] == [code for _, _, code in ends], ends
    assert bought == cloud.bought(namespace)[1]
    assert len(cloud.batches(namespace)) <= MOST_BATCHES
    assert runs_on_record(clones[0]).keys() >= {100}
    assert bought == runs_on_record(clones[1])


@pytest.mark.long
@pytest.mark.seconds(12)
def test_two_sequences_leave_each_other_alone(tmp_path, cloud):
    """By the default policy only own pending work is superseded: nothing is cancelled or bought anew."""
    job = "{runs: 20, variables: {t_ns: 100}}"
    clones = two_clones(tmp_path, cloud, job, job, amplitudes=("6.28", "3.14"))
    namespace = commands.namespace_of(clones[0])
    cloud.pause("EMU_FREE")
    codes = [commands.run(clone, "apply", "specs", "--yes", "--no-wait")[0] for clone in (*clones, *clones)]
    jobs = [job for batch in cloud.batches(namespace) for job in cloud.jobs(batch["id"])]
    cloud.pause()
    ends = [commands.run(clone, "apply", "specs", "--yes", "--timeout", "60") for clone in clones]

    assert ([0] * 4, ["PENDING"] * 2) == (codes, [job["status"] for job in jobs])
    assert [0, 0] == [code for code, _, _ in ends], ends
    assert (2, {100: 40}) == cloud.bought(namespace)
    # Each records what came of the other's version, too, under that one's recipe.
    assert [{100: 40}, {100: 40}] == [runs_on_record(clone) for clone in clones]
