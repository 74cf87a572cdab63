"""What a file asks for beside what is on record, as results."""

from __future__ import annotations

import pytest
from builders import RECIPE, a_record, a_result, a_wanted_job, an_experiment, at, some_results

from runner.domain import DesiredJob, JobStatus
from runner.errors import RecordError, UsageError
from runner.results import Kept, Results, ResultStatus, Runs, Sweep, gathered

OTHER = "f" * 16


def test_every_wanted_job_is_there_in_file_order():
    """Missing ones too; what came back is added up over the remote jobs."""
    desired = an_experiment(a_wanted_job(1), a_wanted_job(2), a_wanted_job(3))
    recorded = [a_record("c", t=3, runs=60), a_record("a", t=1, runs=60), a_record("b", t=1, runs=40)]
    results = gathered(desired, recorded)

    assert [
        ("t1", ResultStatus.DONE, Runs(100, 100), {"0": 100}, ["a", "b"]),
        ("t2", ResultStatus.MISSING, Runs(100, 0), None, []),
        ("t3", ResultStatus.PARTIAL, Runs(100, 60), {"0": 60}, ["c"]),
    ] == [(r.name, r.status, r.runs, r.counts, [job.id for job in r.remote_jobs]) for r in results]
    assert not results.is_complete


def test_the_times_are_those_of_all_remote_jobs():
    """From the first to the last; the errors of all of them."""
    recorded = [
        a_record("a", runs=60, created_at=at(0), started_at=at(5), ended_at=at(6)),
        a_record("b", runs=40, created_at=at(1), started_at=at(2), ended_at=at(9), errors=("lost",)),
    ]
    job = gathered(an_experiment(), recorded)[0]

    assert (at(0), at(2), at(9), ("lost",)) == (job.created_at, job.started_at, job.ended_at, job.errors)


def test_what_the_file_does_not_ask_for_is_there_when_it_is_asked_for():
    """Behind the jobs of the file: former points, recipes and reruns, each added up by itself."""
    recorded = [
        a_record("a"),
        a_record("gone", t=9, runs=5),
        a_record("old", recipe=OTHER, qubit_ids=(), runs=3),
        a_record("older", recipe=OTHER, qubit_ids=(), runs=4),
        a_record("again", rerun=1, status=JobStatus.ERROR),
    ]
    kept = Kept(manifest=lambda recipe: {"qubit_ids": ["x"], "device_type": f"OF {recipe[:1]}"})

    assert 1 == len(gathered(an_experiment(), recorded))
    others = gathered(an_experiment(), recorded, kept=kept, beyond_file=True)[1:]
    assert [
        ("t9", Runs(0, 5), ResultStatus.DONE, RECIPE[:16], 0, ("q0",)),
        ("t1", Runs(0, 7), ResultStatus.DONE, OTHER, 0, ("x",)),
        ("t1", Runs(0, 0), ResultStatus.ERROR, RECIPE[:16], 1, ("q0",)),
    ] == [(r.name, r.runs, r.status, r.recipe, r.rerun, r.qubit_ids) for r in others]
    assert "OF f" == others[1].device_type
    assert [False] * 3 == [r.is_wanted for r in others]
    assert others.is_complete


@pytest.mark.parametrize(
    ("qubit_ids", "counts", "expected"),
    [(("b", "a"), {"01": 5}, ("b", "a")), ((), {"01": 5}, ("0", "1")), ((), {}, ())],
)
def test_qubits_of_an_unknown_recipe_are_those_of_the_record_or_their_places(qubit_ids, counts, expected):
    """There may be neither qubits on record nor a manifest."""
    recorded = [a_record("old", recipe=OTHER, qubit_ids=qubit_ids, counts=counts)]

    assert expected == gathered(an_experiment(), recorded, beyond_file=True)[1].qubit_ids


def test_a_job_without_a_result_and_one_with_missing_shots_say_so():
    """The one is an error of its own, the other partial; a result of other qubits is none."""
    desired = an_experiment(a_wanted_job(1), a_wanted_job(2), a_wanted_job(3))
    recorded = [
        a_record("a", t=1, counts={}, errors=("the cloud has no result of it",)),
        a_record("b", t=2, counts={"0": 3}),
        a_record("c", t=3, counts={"01": 100}, qubit_ids=()),
    ]

    assert [
        (ResultStatus.NO_RESULT, 0, ("the cloud has no result of it",)),
        (ResultStatus.PARTIAL, 3, ("3 of 100 runs are counted: 97 shots are missing",)),
        (ResultStatus.NO_RESULT, 0, ('the result cannot be right: "01" does not fit 1 qubit',)),
    ] == [(r.status, r.runs.measured, r.errors) for r in gathered(desired, recorded)]


def test_results_of_an_unknown_recipe_with_other_qubits_than_the_first_are_none():
    """They cannot be added up, and stop nothing."""
    recorded = [
        a_record("a", recipe=OTHER, qubit_ids=(), counts={"01": 100}),
        a_record("b", recipe=OTHER, qubit_ids=(), counts={"011": 100}),
    ]
    other = gathered(an_experiment(), recorded, beyond_file=True)[1]

    assert ({"01": 100}, ("0", "1")) == (other.counts, other.qubit_ids)
    assert ('the result cannot be right: "011" does not fit 2 qubits',) == other.errors


def test_bitstrings_that_do_not_fit_the_qubits_are_no_result():
    """Nothing is laid out along the wrong qubits."""
    with pytest.raises(RecordError, match="have 3 characters, and there are 2 qubits"):
        a_result({"010": 1})


def test_each_job_knows_the_sweep_it_came_from():
    """None where nobody can tell."""
    sweep = Sweep(0, (("t",),))

    assert [sweep] == [r.sweep for r in gathered(an_experiment(), [], sweeps=[sweep])]
    assert [None] == [r.sweep for r in gathered(an_experiment(), [])]


def test_results_are_taken_by_place_name_and_slice():
    """A slice is results again."""
    one, two, three = (a_result(variables={"t": t}) for t in (1, 2, 3))
    results = some_results(one, two, three)

    assert (one, three, two) == (results[0], results[-1], results["t=2"])
    assert some_results(two, three) == results[1:]
    assert isinstance(results[1:], Results)
    assert [one, two, three] == list(results)
    with pytest.raises(KeyError):
        results["t=4"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"omega": 0.3}, [0, 1]),
        ({"omega": 0.3, "t": 2}, [1]),
        ({"t": lambda t: t > 1}, [1, 2]),
        ({"omega": 7}, []),
        ({"omega": "0.3"}, []),
    ],
)
def test_jobs_are_chosen_by_their_variables(words, expected):
    """By value, where 3 · 0.1 is 0.3, or by a claim about the value."""
    points = ((3 * 0.1, 1), (0.3, 2), (0.6, 2))
    results = some_results(*(a_result(variables={"omega": omega, "t": t}) for omega, t in points))

    assert [results[i] for i in expected] == list(results.where(**words))


def test_jobs_are_chosen_by_any_claim_and_by_status():
    """Together with variables, all of it has to hold."""
    done, missing = a_result({"00": 5}, variables={"t": 1}), a_result(variables={"t": 2})
    results = some_results(done, missing)

    assert [done] == list(results.where(lambda job: job.runs.measured > 0))
    assert [] == list(results.where(lambda job: job.runs.measured > 0, t=2))
    assert [missing] == list(results.with_status("MISSING"))
    assert [done, missing] == list(results.with_status(ResultStatus.MISSING, "DONE"))


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda results: results.where(tt=1), "variables are: t"),
        (lambda results: results.with_status("LOST"), "statuses are: DONE, PARTIAL"),
    ],
)
def test_a_misspelt_choice_says_what_there_is(call, hint):
    """Instead of choosing nothing."""
    with pytest.raises(UsageError) as caught:
        call(some_results(a_result()))

    assert caught.value.hint.startswith(hint)


def test_an_expectation_of_all_jobs_has_holes_where_nothing_came_back():
    """One entry a job, in their order."""
    results = some_results(a_result({"01": 5, "11": 5}, variables={"t": 1}), a_result(variables={"t": 2}))
    found = results.expectation(lambda bitstring: bitstring.count("1"))

    assert ["1.5", "nan"] == [str(float(each.value)) for each in found]
    assert 1.5 == found["t=1"].value


def test_they_say_what_they_are():
    """In one line, for whoever looks at them."""
    job = a_result({"00": 60, "11": 40}, runs=200, variables={"t": 1, "omega": 2.0})

    assert "<JobResult 't=1,omega=2.0': t=1, omega=2.0; PARTIAL, 100/200 runs, 2 different bitstrings>" == (
        repr(job)
    )
    assert "t=1,omega=2.0: PARTIAL, 100/200 runs" == str(job)
    assert "<Results of exp: 2 jobs, 1 PARTIAL, 1 MISSING>" == repr(some_results(job, a_result()))
    assert "<Results of exp: 0 jobs>" == repr(some_results())


def test_a_job_with_its_own_sequence_has_its_own_qubits():
    """Also while nothing came back of it."""
    own = DesiredJob(key="k", name="own", runs=1, variables={}, sequence="{}", qubit_ids=("a", "b"))

    assert [("q0",), ("a", "b")] == [
        job.qubit_ids for job in gathered(an_experiment(a_wanted_job(1), own), ())
    ]


def test_sublattices_that_the_file_names_go_along():
    """They are a matter of the file, not of what is on record."""
    named = (("q0",), ("q1",))
    results = gathered(an_experiment(sublattices=named), [a_record("a")])

    assert [named] == [job.sublattices for job in results]


def test_a_job_that_is_not_there_is_told_the_nearest():
    """A short word and a hint, and an error that mappings raise too."""
    with pytest.raises(KeyError) as caught:
        some_results(a_result(variables={"t": 1}))["t11"]

    said = (str(caught.value), caught.value.hint, caught.value.__notes__)
    assert ("exp has no job 't11'", "did you mean t=1?", ["hint: did you mean t=1?"]) == said
