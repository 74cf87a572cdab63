"""How fast requests follow one another, in virtual time."""

from __future__ import annotations

import json
import threading
from itertools import pairwise

import pytest

from runner.cloud import Answer, Client, Endpoints, Retrying
from runner.cloud.wire.rate_limit import RateLimit
from runner.errors import UnknownOutcomeError

OK = Answer(200, {}, json.dumps({"status": "success", "data": {"id": "b"}}).encode())
LINK = Answer(200, {}, json.dumps({"data": {"results_link": "https://s.test/r"}}).encode())
REST = Answer(429, {"Retry-After": "7"}, b"{}")
DEADLINE_S = 30


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self):
        self.now = 0.0

    def clock(self):
        """Seconds since the beginning."""
        return self.now

    def sleep(self, seconds):
        """Lets time pass."""
        self.now += seconds


class TimedPort:
    """Answers what is written down, then OK; remembers when it was asked."""

    def __init__(self, time, *script):
        self._time, self._script = time, list(script)
        self.at_s = []

    def send(self, request):
        """The next answer."""
        self.at_s.append(self._time.now)
        return self._script.pop(0) if self._script else OK


def sent_at(n, requests_per_s, pause_s=0.0):
    """When so many requests are sent that come one after the other, after pauses."""
    time = Time()
    pace = RateLimit(requests_per_s, clock=time.clock, sleep=time.sleep)
    moments = []
    for _ in range(n):
        pace.wait(longest_hold_s=60)
        moments.append(time.now)
        time.sleep(pause_s)
    return moments


def a_client(time, *script, requests_per_s=None, budget_s=60.0):
    """A client in virtual time, and its port."""
    port = TimedPort(time, *script)
    retrying = Retrying(budget_s=budget_s, clock=time.clock, sleep=time.sleep, jitter=lambda bound: 0.0)
    endpoints = Endpoints(core="https://pcs.test", account="https://pcs.test")
    client = Client(endpoints=endpoints, project_id="p", port=port, retrying=retrying)
    return client.paced(requests_per_s), port


def test_without_a_limit_nothing_waits():
    """As it was before there was one."""
    assert [0.0] * 100 == sent_at(100, None)


def test_a_second_of_requests_may_come_at_once_then_they_keep_their_distance():
    """On the long run no second has more than the limit."""
    moments = sent_at(40, 10.0)

    assert [0.0] * 10 == moments[:10]
    assert [pytest.approx(0.1)] * 30 == [after - before for before, after in pairwise(moments[9:])]


@pytest.mark.parametrize("requests_per_s", [0.5, 1.0, 3.0, 10.0])
def test_no_stretch_of_time_has_more_than_the_limit_and_a_burst(requests_per_s):
    """Whatever the rhythm in which they come."""
    for pause_s in (0.0, 0.05, 0.4, 3.0):
        moments = sent_at(60, requests_per_s, pause_s)
        allowed = [
            requests_per_s * (later - moments[i]) + max(1.0, requests_per_s) + 1e-6
            for i in range(60)
            for later in moments[i:]
        ]
        found = [j - i + 1 for i in range(60) for j in range(i, 60)]

        assert all(n <= most for n, most in zip(found, allowed, strict=True))


def test_requests_that_come_slowly_never_wait():
    """The limit is no pause between two."""
    assert [pytest.approx(0.2 * number) for number in range(20)] == sent_at(20, 10.0, pause_s=0.2)


def test_a_client_keeps_its_pace_and_downloads_do_not_count():
    """A signed link leads to another server."""
    time = Time()
    client, port = a_client(time, LINK, OK, LINK, OK, requests_per_s=1.0)
    client.get_job_results("a")
    client.get_job_results("b")

    assert [0.0, 0.0, 1.0, 1.0] == port.at_s


def test_the_client_behind_a_paced_one_has_no_limit():
    """It is another client over the same port."""
    time = Time()
    client, port = a_client(time, requests_per_s=1.0)
    for _ in range(3):
        client.paced(None).get_batch("b")

    assert [0.0] * 3 == port.at_s


def test_a_429_with_retry_after_holds_back_whoever_comes_next():
    """A POST is not repeated, and still makes the others wait."""
    time = Time()
    client, port = a_client(time, REST)
    with pytest.raises(UnknownOutcomeError):
        client.send_batch({})
    client.get_batch("b")

    assert [0.0, 7.0] == port.at_s


def test_a_429_with_retry_after_holds_back_all_threads():
    """Those that wait for their turn already, too; the one that was told does not stand alone."""
    time, told, sleeping = Time(), threading.Event(), threading.Event()
    at_s = []

    def sleep(seconds):
        if threading.current_thread() is waiting and not told.is_set():
            sleeping.set()
            assert told.wait(DEADLINE_S)
        time.sleep(seconds)

    pace = RateLimit(1.0, clock=time.clock, sleep=sleep)

    def wait_for_a_turn():
        pace.wait(longest_hold_s=60)
        at_s.append(time.now)

    pace.wait(longest_hold_s=60)
    waiting = threading.Thread(target=wait_for_a_turn)
    waiting.start()
    assert sleeping.wait(DEADLINE_S)  # its turn would come after 1 s
    pace.hold(7.0)
    told.set()
    waiting.join(DEADLINE_S)

    assert [7.0] == at_s


def test_a_rest_beyond_the_patience_is_not_waited_for():
    """Somebody who says a day must not stop us for a day."""
    time = Time()
    day = Answer(429, {"Retry-After": "86400"}, b"{}")
    client, port = a_client(time, day, budget_s=10.0)
    with pytest.raises(UnknownOutcomeError):
        client.send_batch({})
    client.get_batch("b")

    assert [0.0, 10.0] == port.at_s


def test_a_rest_that_grows_while_it_is_waited_for_has_an_end():
    """After its patience a request is sent, and is refused for itself."""
    time = Time()
    pace = RateLimit(clock=time.clock, sleep=lambda seconds: (time.sleep(seconds), pace.hold(5.0)))
    pace.hold(5.0)
    pace.wait(longest_hold_s=12.0)

    assert 12.0 == time.now
