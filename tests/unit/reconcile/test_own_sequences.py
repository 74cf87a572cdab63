"""Jobs with sequences of their own: sent, found again, and counted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from builders import a_wanted_job, an_experiment
from fakes import SEQUENCE, DiceEngine, LossyPort, MemoryCloud, VirtualClock

from runner.domain import (
    DesiredJob,
    JobStatus,
    Retry,
    Submission,
    job_key,
    own_sequence_key,
    recipe_digest,
)
from runner.errors import NotFoundError
from runner.reconcile import Context, Journal, Patience, Reconciler, Snapshot, TargetSettings
from runner.reconcile.observe.adoption import candidate, recipe_objections
from runner.reconcile.observe.job_sequences import jobs_with_sequences, qubits_of
from runner.reconcile.plan.saved_plan import desired_facts
from runner.results import Records


def own_sequence(*qubits):
    """A sequence with a register of its own."""
    return json.dumps(
        json.loads(SEQUENCE) | {"register": [{"name": each} for each in qubits], "variables": {}}
    )


def a_job_of_its_own(*qubits, runs=100, rerun=0):
    """A wanted job with a sequence of its own."""
    sequence = own_sequence(*qubits)
    return DesiredJob(
        key=own_sequence_key(sequence),
        name="-".join(qubits),
        runs=runs,
        variables={},
        rerun=rerun,
        sequence=sequence,
        qubit_ids=qubits,
    )


PLAIN = own_sequence("a")
ONE, TWO = a_job_of_its_own("a"), a_job_of_its_own("b", "c")


def wanted(*jobs, **fields):
    """An experiment whose recipe is that of the sequence that is sent."""
    recipe = recipe_digest(device_type="EMU_FREE", sequence=SEQUENCE)
    return replace(an_experiment(*jobs), **{"sequence": SEQUENCE, "recipe": recipe, **fields})


class Lab:
    """A cloud in memory, and machines that know nothing of each other."""

    def __init__(self, folder):
        self.folder, self.clock, self.fails = folder, VirtualClock(), 0
        self.engine = DiceEngine(self, failing=0.6, ending=0.95)
        self.cloud = MemoryCloud(self.clock, self.engine)
        self.port = LossyPort(self.cloud, self._answered)

    def random(self):
        """Dice: every job ends (0.9 < 0.95); those that are to fail are below 0.6."""
        self.rolls = not getattr(self, "rolls", False)
        if self.rolls:
            return 0.9
        self.fails -= 1
        return 0.1 if self.fails >= 0 else 0.9

    def _answered(self, _):
        """A reconciler that does not know its jobs again would buy for ever."""
        assert len(self.port.sent) < 300
        return "answered"

    def sleep(self, seconds):
        """Lets time pass, and the cloud work."""
        self.clock.sleep(seconds)
        self.cloud.step()
        self.engine.tick()
        self.cloud.step()

    def run(self, desired, machine="mine", *, blinded=lambda client: client):
        """Applies an experiment on a machine with its own records and no journal."""
        journal, records = Journal(Path(":memory:"), self.clock), Records(self.folder / machine)
        client = blinded(self.cloud.client(self.port))
        context = Context(
            client=client,
            journal=journal,
            records=records,
            namespace="lab",
            clock=self.clock,
            sleep=self.sleep,
        )
        try:
            settings = TargetSettings(namespace="lab", poll_s=1.0)
            return Reconciler(context, settings).run([Snapshot(desired=desired)], Patience(timeout_s=600.0))
        finally:
            journal.close()

    def records(self, machine="mine"):
        """What is on record on a machine."""
        return Records(self.folder / machine).of_experiment(wanted().name)


@pytest.fixture
def lab(tmp_path):
    """A cloud, and an empty folder for records."""
    made = Lab(tmp_path)
    yield made
    made.cloud.close()


@pytest.mark.parametrize("submission", list(Submission))
def test_each_job_is_bought_with_its_own_sequence(lab, submission):
    """What is sent is the job's sequence, beside jobs with variables."""
    desired = wanted(ONE, TWO, a_wanted_job(1))
    lab.run(replace(desired, policy=replace(desired.policy, submission=submission)))
    client = lab.cloud.client()
    sent = [client.get_job(job["id"]) for job in client.get_jobs()]
    assert {(ONE.sequence, None), (TWO.sequence, None), (None, 1)} == {
        (job["sequence"], (job["variables"] or {}).get("t")) for job in sent
    }


def test_another_pass_finds_the_jobs_again(lab):
    """Neither this machine nor one without records and journal buys anything twice."""
    for machine in ("mine", "mine", "another"):
        lab.run(wanted(ONE, TWO), machine)
        assert 2 == len(lab.cloud.jobs())


def test_records_hold_each_jobs_own_qubits(lab):
    """Bitstrings of two registers are never read in one order."""
    lab.run(wanted(ONE, TWO))
    assert {ONE.key: ("a",), TWO.key: ("b", "c")} == {job.key: job.qubit_ids for job in lab.records()}


def test_failed_jobs_are_retried_with_their_own_sequence(lab):
    """The second attempt measures what the first one was to measure."""
    lab.fails = 1
    desired = wanted(ONE)
    lab.run(replace(desired, policy=replace(desired.policy, retry=Retry(limit=1, backoff_s=0.0))))
    assert [(ONE.key, JobStatus.ERROR, 1), (ONE.key, JobStatus.DONE, 2)] == sorted(
        ((job.key, job.status, job.attempt) for job in lab.records()), key=lambda each: each[2]
    )


def test_a_rerun_buys_one_of_them_again(lab):
    """A higher counter asks for that job alone."""
    lab.run(wanted(ONE, TWO))
    lab.run(wanted(replace(ONE, rerun=1), TWO))
    assert [(ONE.key, 0), (ONE.key, 1), (TWO.key, 0)] == sorted(
        ((job.key, job.rerun) for job in lab.records()), key=lambda each: (each[0] != ONE.key, each)
    )


def test_a_sequence_is_asked_for_once(lab):
    """A job's sequence never changes: looking again while it runs costs no request for it."""
    lab.run(wanted(ONE, TWO))
    single = [path for method, path in lab.port.sent if method == "GET" and path.startswith("/api/v2/jobs/")]
    assert 2 == len([path for path in single if path.count("/") == 4])


def test_batches_of_others_match_by_their_jobs_sequences(lab):
    """A batch of another tool whose jobs have sequences is recognised job by job."""
    client = lab.cloud.client()
    jobs = [{"runs": 100, "sequence": ONE.sequence}, {"runs": 5, "sequence": own_sequence("z")}]
    sent = client.send_batch({"device_type": "EMU_FREE", "sequence_builder": SEQUENCE, "jobs": jobs})
    batch_id = sent["id"]
    found = candidate(
        wanted(ONE, TWO), "lab", client.get_batch(batch_id), jobs_with_sequences(client, batch_id)
    )
    assert ((), [100, 0], [5]) == (
        found.objections,
        [match.runs for match in found.matches],
        [job.runs for job in found.unasked],
    )


def test_saved_plans_hold_no_sequence_of_a_job():
    """The job's key says which it is: a plan of a hundred jobs stays readable."""
    facts = desired_facts(wanted(ONE))
    assert ONE.sequence not in json.dumps(facts).replace('\\"', '"')
    assert ONE.key == facts["jobs"][ONE.name]["key"]


@pytest.mark.parametrize("submission", list(Submission))
def test_a_batch_may_be_without_a_sequence(lab, submission):
    """Where every job brings its own, claimed or bought at once; and nothing is bought twice."""
    recipe = recipe_digest(device_type="EMU_FREE", sequence="")
    desired = wanted(ONE, TWO, sequence="", recipe=recipe)
    for machine in ("mine", "another"):
        lab.run(replace(desired, policy=replace(desired.policy, submission=submission)), machine)
    (batch,) = lab.cloud.client().get_batches()
    sequence = lab.cloud.client().get_batch(batch["id"])["sequence_builder"]
    assert (None, 2) == (sequence, batch["jobs_count"])


def test_a_job_that_the_file_no_longer_wants_keeps_its_qubits(lab):
    """What it measured is read in the order of its own sequence, on a machine that never knew it."""
    lab.run(wanted(ONE, TWO))
    lab.run(wanted(ONE), "another")
    assert {ONE.key: ("a",), TWO.key: ("b", "c")} == {
        job.key: job.qubit_ids for job in lab.records("another")
    }


class Blind:
    """A client that is told otherwise about single jobs."""

    def __init__(self, client, answer):
        self._client, self._answer = client, answer

    def __getattr__(self, name):
        return getattr(self._client, name)

    def get_job(self, job_id):
        """What was chosen."""
        return self._answer(job_id)


def not_found(job_id):
    """There is no such job."""
    raise NotFoundError(f"no job {job_id}")


@pytest.mark.parametrize(
    "answer",
    [
        not_found,
        lambda job_id: {"id": job_id, "sequence": "no sequence"},
        lambda job_id: {"id": job_id, "sequence": "[]"},
    ],
)
def test_nothing_is_bought_beside_a_job_that_nobody_can_tell(lab, answer):
    """It may be the very job that is wanted: in the end a person is asked."""
    lab.run(wanted(ONE))
    outcome = lab.run(wanted(ONE), "another", blinded=lambda client: Blind(client, answer))

    (hold,) = outcome.plans[0].holds
    assert "is not seen whole" in hold.reason
    assert 1 == len(lab.cloud.jobs())


def test_qubits_of_a_sequence_that_does_not_tell_them_are_not_known():
    """Rather none than wrong ones."""
    assert () == qubits_of(json.dumps({"register": {"rows": 2}}))
    assert () == qubits_of(json.dumps({"register": [{"qid": "a"}]}))
    assert ("a", "b") == qubits_of(json.dumps({"register": [{"name": "a"}, {"name": "b"}]}))


def test_a_batch_with_a_sequence_is_not_one_of_jobs_alone():
    """Nor the other way round; which of them has it is told."""
    alone = wanted(ONE, sequence="")
    batch = {"device_type": "EMU_FREE", "sequence_builder": SEQUENCE}

    assert ["it has a sequence, and the file has only those of its jobs"] == [
        *recipe_objections(alone, batch)
    ]
    assert [] == [*recipe_objections(alone, batch | {"sequence_builder": None})]


class Talkative:
    """A client of a cloud that says the batch's sequence of every job that has none of its own."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        return getattr(self._client, name)

    def get_job(self, job_id):
        """The job, with a sequence in any case."""
        job = self._client.get_job(job_id)
        return job | {"sequence": job.get("sequence") or PLAIN}


def test_a_job_without_its_own_sequence_stays_one_whatever_the_cloud_says(lab):
    """Else it would be another point, and bought again by the next machine."""
    plain = DesiredJob(key=job_key({}), name="plain", runs=100, variables={})
    recipe = recipe_digest(device_type="EMU_FREE", sequence=PLAIN)
    desired = wanted(plain, sequence=PLAIN, recipe=recipe)
    lab.run(desired, blinded=Talkative)
    lab.run(desired, "another", blinded=Talkative)

    assert 1 == len(list(lab.cloud.client().get_jobs()))
    assert [plain.key] == [job.key for job in lab.records("another")]
