"""What a client sends, how often, and what it makes of each answer."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from runner.cloud import (
    Answer,
    Client,
    Endpoints,
    NoAnswerError,
    NotSentError,
    ReadyToken,
    Retrying,
    UnsendableError,
)
from runner.cloud.wire.default_port import http_port
from runner.cloud.wire.exchange import ServerTime
from runner.errors import (
    AuthenticationError,
    CloudError,
    CloudRejectedError,
    CloudUnavailableError,
    ConflictError,
    InvalidPayloadError,
    JobFetchingError,
    NotFoundError,
    ProjectError,
    UnknownOutcomeError,
    WireFormatError,
)

HTML = b"<html><body>Bad Gateway</body></html>"
SECRET = "t0ken-that-nobody-sees"


def ok(data, **more):
    """A successful answer."""
    return Answer(200, {}, json.dumps({"status": "success", "data": data, **more}).encode())


def fail(status, body=b'{"status":"fail"}', **headers):
    """An answer that is no success."""
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


class ScriptedPort:
    """Answers what the test has written down; the last line is repeated for ever."""

    def __init__(self, *script):
        self._script = list(script)
        self.requests = []

    def send(self, request):
        """The next line."""
        self.requests.append(request)
        line = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(line, Exception):
            raise line
        return line


class Paged:
    """Lists a batch of 1050 jobs; pages before an offset were read when there were fewer."""

    def __init__(self, total_before, offset):
        self._total_before, self._offset = total_before, offset

    def send(self, request):
        """A page of 100."""
        offset = int(dict(request.query).get("offset", 0))
        total = self._total_before if offset < self._offset else 1050
        jobs = [{"id": str(number)} for number in range(offset, min(offset + 100, total))]
        return ok(jobs, pagination={"total": total, "start": offset, "end": offset + len(jobs)})


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self):
        self.now, self.slept = 0.0, []

    def sleep(self, seconds):
        """Lets time pass."""
        self.slept.append(seconds)
        self.now += seconds


def a_client(port, time=None, **fields):
    """A client on a scripted port, with full jitter at its upper bound and a virtual clock."""
    time = time or Time()
    retrying = Retrying(
        budget_s=fields.pop("budget_s", 10.0), clock=lambda: time.now, sleep=time.sleep, jitter=lambda b: b
    )
    endpoints = Endpoints(core="https://pcs.test/core", account="https://pcs.test/account")
    values = {"endpoints": endpoints, "project_id": "p", "tokens": ReadyToken(SECRET)}
    return Client(port=port, retrying=retrying, **values | fields)


CALLS = {
    "GET": lambda client: client.get_batch("b"),
    "PATCH": lambda client: client.close_batch("b"),
    "POST create": lambda client: client.send_batch({"open": True, "jobs": []}),
    "POST add": lambda client: client.add_jobs("b", [{"runs": 1}]),
}
TROUBLES = {
    "connection refused": (NotSentError("refused"), CloudUnavailableError, CloudUnavailableError),
    "no answer": (NoAnswerError("reset"), CloudUnavailableError, UnknownOutcomeError),
    **{
        str(status): (fail(status), CloudUnavailableError, UnknownOutcomeError)
        for status in (408, 425, 429, 500, 503, 504)
    },
    "502 with HTML": (fail(502, HTML), CloudUnavailableError, UnknownOutcomeError),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_safe_requests_are_repeated_and_a_post_is_sent_once(call, trouble):
    """Every trouble that may pass, crossed with every kind of request."""
    line, safe_error, post_error = TROUBLES[trouble]
    port = ScriptedPort(line)
    expected = post_error if call.startswith("POST") else safe_error

    with pytest.raises(expected) as caught:
        CALLS[call](a_client(port))

    assert type(caught.value) is expected
    # Waits of 0.25, 0.5, 1, 2 and 4 s fit the budget of 10 s; the next one would not.
    assert len(port.requests) == (1 if call.startswith("POST") else 6)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, InvalidPayloadError),
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, NotFoundError),
        (409, ConflictError),
        (418, CloudRejectedError),
        (422, InvalidPayloadError),
        (301, CloudRejectedError),
    ],
)
def test_a_refusal_is_final(call, status, expected):
    """Nothing happened, and nothing is repeated."""
    port = ScriptedPort(fail(status))

    with pytest.raises(expected) as caught:
        CALLS[call](a_client(port))

    assert (expected, 1) == (type(caught.value), len(port.requests))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("body", [b'{"status": "succ', HTML, b"[]", b'{"status":"success"}', b'{"data":[1]}'])
def test_an_answer_that_cannot_be_read_says_so(call, body):
    """Cut, HTML, no object, without data, data of another kind: for a POST nobody knows what happened."""
    port = ScriptedPort(Answer(200, {}, body))
    expected = UnknownOutcomeError if call.startswith("POST") else WireFormatError

    with pytest.raises(expected) as caught:
        CALLS[call](a_client(port))

    assert len(port.requests) == 1
    assert caught.value.path


@pytest.mark.parametrize("call", CALLS)
def test_what_can_never_be_sent_is_not_tried_again(call):
    """A wrong address, token or certificate is no outage."""
    port = ScriptedPort(UnsendableError("no connection: gopher is not spoken"))

    with pytest.raises(ProjectError, match="gopher"):
        CALLS[call](a_client(port))
    assert len(port.requests) == 1


def test_a_safe_request_succeeds_after_passing_trouble():
    """Two troubles, then an answer."""
    time = Time()
    port = ScriptedPort(fail(503), NoAnswerError("reset"), ok({"id": "b"}))

    assert {"id": "b"} == a_client(port, time).get_batch("b")
    assert [0.25, 0.5] == time.slept


@pytest.mark.parametrize(
    ("said", "waited"),
    [
        ("7", [7.0]),
        ("Wed, 21 Oct 2015 07:28:00 GMT", [0.25]),
        ("Wed, 21 Oct 9999999999 07:28:00 GMT", [0.25]),
        ("soon", [0.25]),
        ("²", [0.25]),
    ],
)
def test_retry_after_is_a_lower_bound(said, waited):
    """In seconds or as a date; one that has passed, or cannot be read, asks for nothing."""
    time = Time()

    a_client(ScriptedPort(fail(429, Retry_After=said), ok({"id": "b"})), time).get_batch("b")

    assert waited == time.slept


def test_a_long_retry_after_ends_the_patience_at_once():
    """A wait that does not fit the budget is not begun."""
    time = Time()

    with pytest.raises(CloudUnavailableError):
        a_client(ScriptedPort(fail(429, Retry_After="3600")), time).get_batch("b")

    assert [] == time.slept


def test_reasons_of_a_refusal_are_told():
    """Where and what, as PCS documents it."""
    body = {
        "code": "422",
        "message": "Invalid",
        "data": {"description": [{"loc": ["body", "jobs", 0, "runs"], "msg": "too many", "type": "x"}]},
    }

    with pytest.raises(InvalidPayloadError) as caught:
        a_client(ScriptedPort(fail(422, json.dumps(body).encode()))).send_batch({})

    assert "Invalid: body.jobs.0.runs: too many (POST /core/api/v1/batches: HTTP 422)" == str(caught.value)
    assert ("422", 422) == (caught.value.code, caught.value.status)


def test_a_long_error_page_is_cut():
    """The status stays in sight."""
    with pytest.raises(CloudError, match="HTTP 418") as caught:
        a_client(ScriptedPort(fail(418, b"x" * 10_000))).get_batch("b")

    assert len(str(caught.value)) < 500


def test_large_bodies_are_compressed_and_small_ones_are_not():
    """Over 1 kB."""
    port = ScriptedPort(ok({"id": "b"}))
    client = a_client(port)
    client.send_batch({"sequence_builder": "x" * 5000})
    client.send_batch({"sequence_builder": "x"})
    large, small = port.requests

    assert {"sequence_builder": "x" * 5000, "project_id": "p"} == json.loads(gzip.decompress(large.body))
    assert {"sequence_builder": "x", "project_id": "p"} == json.loads(small.body)
    assert ("gzip", None) == (large.headers.get("Content-Encoding"), small.headers.get("Content-Encoding"))


def test_numbers_of_numpy_are_sent_as_numbers():
    """A sweep from `np.arange` has no others."""
    port = ScriptedPort(ok({"id": "b"}))
    a_client(port).send_batch({"jobs": [{"runs": np.int64(5), "variables": {"t": np.arange(2)}}]})

    assert [{"runs": 5, "variables": {"t": [0, 1]}}] == json.loads(port.requests[0].body)["jobs"]


def test_the_callers_batch_is_not_changed():
    """It may be sent again."""
    data = {"jobs": []}
    a_client(ScriptedPort(ok({"id": "b"}))).send_batch(data)

    assert {"jobs": []} == data


def test_a_batch_without_a_project_is_not_sent():
    """The cloud would refuse it."""
    port = ScriptedPort(ok({"id": "b"}))

    with pytest.raises(ProjectError, match="project id"):
        a_client(port, project_id=None).send_batch({})
    assert [] == port.requests


def test_pages_are_read_as_they_are_needed():
    """Each begins where the last one ended."""
    port = ScriptedPort(
        ok([{"id": "1"}, {"id": "2"}], pagination={"total": 3, "start": 0, "end": 2}),
        ok([{"id": "3"}], pagination={"total": 3, "start": 2, "end": 3}),
    )
    batches = a_client(port).get_batches(tag="runner:lab", status=["DONE", "ERROR"], open=None)
    first = next(batches)["id"]
    sent_for_first = len(port.requests)

    assert ("1", 1, ["2", "3"]) == (first, sent_for_first, [each["id"] for each in batches])
    assert (
        ("tag", "runner:lab"),
        ("status", "DONE"),
        ("status", "ERROR"),
        ("offset", "2"),
        ("limit", "100"),
    ) == port.requests[1].query


@pytest.mark.parametrize("pagination", [None, {"total": 9, "start": 0, "end": 0}])
def test_a_list_without_usable_pagination_is_one_page(pagination):
    """It does not go on for ever."""
    port = ScriptedPort(ok([{"id": "1"}], pagination=pagination))

    assert ["1"] == [each["id"] for each in a_client(port).get_jobs()]


def test_pages_of_different_ages_are_no_list():
    """The second page is older, and has not what was pushed onto it: what is missed would be bought again."""
    first = ok([{"id": str(n)} for n in range(100)], pagination={"total": 108, "start": 0, "end": 100})
    older = ok([], pagination={"total": 5, "start": 5, "end": 5})

    with pytest.raises(CloudUnavailableError, match="the list had 108 entries, and 5 on its next page"):
        list(a_client(ScriptedPort(first, older)).get_batches())


def test_a_filter_of_a_wrong_type_is_refused_before_anything_is_sent():
    """A mapping is no filter."""
    port = ScriptedPort(ok([]))

    with pytest.raises(TypeError, match="filter tag: expected a text"):
        list(a_client(port).get_batches(tag={"a": 1}))
    assert [] == port.requests


def test_an_unknown_outcome_carries_what_is_needed_to_look_the_submission_up():
    """Tags, batch, number of jobs, and when it was sent."""
    client = a_client(ScriptedPort(NoAnswerError("reset")))
    before = datetime.now(UTC)
    with pytest.raises(UnknownOutcomeError) as created:
        client.send_batch({"tags": ["mine"], "jobs": [{}, {}]})
    with pytest.raises(UnknownOutcomeError) as added:
        client.add_jobs("b1", [{}])

    assert (("mine",), None, 2) == (created.value.tags, created.value.batch_id, created.value.jobs)
    assert ((), "b1", 1) == (added.value.tags, added.value.batch_id, added.value.jobs)
    assert before <= created.value.sent_at <= datetime.now(UTC)


@pytest.mark.parametrize("before", [(1050, 0), (250, 200)], ids=["as the first page says", "more meanwhile"])
def test_the_pages_of_a_batch_are_put_together_in_order(before):
    """They are fetched at the same time; jobs that were added meanwhile come last."""
    jobs = a_client(Paged(*before)).get_batch_jobs("b")

    assert [str(number) for number in range(1050)] == [job["id"] for job in jobs]


def test_results_are_fetched_without_our_token():
    """A signed link leads elsewhere."""
    port = ScriptedPort(
        ok({"results_link": "https://bucket.test/x?sig=1"}), Answer(200, {}, b'{"counter":{"0":1}}')
    )

    assert {"counter": {"0": 1}, "raw": None, "serialised_results": None} == a_client(port).get_job_results(
        "j"
    )
    assert [SECRET, None] == [request.token for request in port.requests]


def test_a_dead_result_link_is_replaced_by_a_fresh_one():
    """Known to happen."""
    link = ok({"results_link": "https://bucket.test/x"})
    port = ScriptedPort(link, fail(404), link, Answer(200, {}, b'{"counter":{}}'))

    assert {} == a_client(port).get_job_results("j")["counter"]


def test_a_result_link_that_is_refused_is_replaced_by_a_fresh_one():
    """Its permission has ended; that of all other requests has not."""
    link = ok({"results_link": "https://bucket.test/x"})
    port = ScriptedPort(link, fail(403), link, Answer(200, {}, b'{"counter":{}}'))

    assert {} == a_client(port).get_job_results("j")["counter"]


@pytest.mark.parametrize("link", ["http://[", "ftp://bucket.test/x", "/x", 5, ["x"]])
def test_a_result_link_that_is_none_is_an_error_of_its_job_alone(link):
    """Not of the target's address, nor a bug."""

    class Real:
        _carries = http_port()

        def send(self, request):
            is_api = request.url.endswith("/results_link")
            return ok({"results_link": link}) if is_api else self._carries.send(request)

    (error,) = a_client(Real()).get_results(["j"]).values()

    assert isinstance(error, JobFetchingError)
    assert "the link to the result of job j is none" in error.message


def test_a_result_that_stays_away_is_an_error_of_its_job_alone():
    """The others are still there."""

    class Half:
        def send(self, request):
            if "bucket" in request.url:
                return Answer(200, {}, b'{"counter":{"1":2}}') if "good" in request.url else fail(404)
            name = "good" if "/good/" in request.url else "bad"
            return ok({"results_link": f"https://bucket.test/{name}"})

    results = a_client(Half()).get_results(["good", "bad"])

    assert {"1": 2} == results["good"]["counter"]
    assert isinstance(results["bad"], CloudError)


def test_nothing_secret_is_shown():
    """Neither in the client, nor in a request, nor in an error."""
    port = ScriptedPort(fail(401))
    client = a_client(port)
    with pytest.raises(AuthenticationError) as caught:
        client.get_batch("b")

    shown = repr(client) + repr(port.requests) + repr(ReadyToken(SECRET)) + str(caught.value)
    assert SECRET not in shown


def test_what_an_answer_says_twice_is_told_once():
    """Some have one sentence as their message and as its description."""
    body = {"message": "Closed.", "code": "4", "data": {"description": "Closed."}}
    port = ScriptedPort(fail(400, json.dumps(body).encode()))

    with pytest.raises(CloudRejectedError) as caught:
        a_client(port).get_batch("b")

    assert "Closed. (GET /core/api/v2/batches/b: HTTP 400)" == str(caught.value)


def test_the_time_of_the_cloud_is_what_its_answers_say_and_goes_on_between_them():
    """Whole seconds: the latest moment is the nearest; a clock that is set back is followed."""
    noon, seconds = datetime(2026, 3, 1, 12, tzinfo=UTC), [0.0]
    time = ServerTime(lambda: seconds[0])
    before = time.now()
    time.hear({"date": "Sun, 01 Mar 2026 12:00:00 GMT"})
    seconds[0] = 0.9
    time.hear({"Date": "Sun, 01 Mar 2026 12:00:00 GMT"})
    going_on = time.now()
    time.hear({"Date": "no date"})
    time.hear({"Date": "Sun, 01 Mar 2026 11:00:00 GMT"})

    assert (None, noon + timedelta(seconds=0.9), noon - timedelta(hours=1)) == (before, going_on, time.now())
