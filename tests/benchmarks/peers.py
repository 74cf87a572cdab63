"""The clients that are compared: each does one piece of work in a fresh process and says what that cost.

`python peers.py PEER WORK URL SIZE` writes one JSON value. Importing is not counted; the memory that was
taken before the work began is told apart, as `idle_mb`.
"""

# ruff: noqa: PLC0415  (a peer imports its own client and no other)

from __future__ import annotations

import json
import resource
import sys
import threading
import time
import urllib.request
import warnings
from concurrent.futures import ThreadPoolExecutor

from canned_cloud import batch_with_jobs, job_id

THREADS = 32
_TOKEN = "token " * 150  # as long as a real one
_BYTES_A_UNIT = 1 if sys.platform == "darwin" else 1024


class Ours:
    """The client of this repository."""

    def __init__(self, url):
        from runner.cloud import Batch, Client, Endpoints, ReadyToken

        self._kind = Batch
        self._client = Client(
            endpoints=Endpoints(core=url, account=url), project_id="p", tokens=ReadyToken(_TOKEN)
        )

    def jobs(self, size):
        """Jobs whose results are wanted."""
        return [job_id(number) for number in range(size)]

    def results(self, jobs):
        """All results."""
        return sum(bool(result["counter"]) for result in self._client.get_results(jobs).values())

    def batch(self, size):
        """A batch and its jobs, page by page."""
        batch = self._kind(self._client.get_batch(f"jobs-{size}"), self._client)
        return len(batch.ordered_jobs)

    def load(self, body):
        """A batch and its jobs from one answer."""
        batch = self._kind(json.loads(body)["data"], self._client)
        return len(batch.ordered_jobs)

    def wait(self, batch_id):
        """Closes a batch and returns when it has ended."""
        self._kind(self._client.get_batch(batch_id), self._client).close(wait=True)


class Sdk:
    """The official SDK, as its documentation uses it."""

    def __init__(self, url):
        warnings.simplefilter("ignore")
        from pasqal_cloud.authentication import TokenProvider
        from pasqal_cloud.batch import Batch
        from pasqal_cloud.endpoints import Endpoints
        from pasqal_cloud.job import Job
        from pasqal_cloud.pasqal_cloud_client import PasqalCloudClient

        class Token(TokenProvider):
            def get_token(self):
                return _TOKEN

        self._kind, self._job_kind = Batch, Job
        self._connect = lambda: PasqalCloudClient(
            project_id="p", token_provider=Token(), endpoints=Endpoints(core=url, account=url)
        )
        self._client = self._connect()
        warnings.simplefilter("ignore")  # importing the SDK switches its own warnings on

    def jobs(self, size):
        """Jobs whose results are wanted."""
        return [
            self._job_kind(**payload, _client=self._client._client)
            for payload in batch_with_jobs(f"jobs-{size}")["jobs"]
        ]

    def results(self, jobs):
        """All results, one after the other."""
        return sum(bool(job.result) for job in jobs)

    def batch(self, size):
        """A batch and its jobs, page by page."""
        return len(self._client.get_batch(f"jobs-{size}").ordered_jobs)

    def load(self, body):
        """A batch and its jobs from one answer."""
        return len(self._kind(**json.loads(body)["data"], _client=self._client._client).ordered_jobs)

    def wait(self, batch_id):
        """Closes a batch and returns when it has ended."""
        self._connect().get_batch(batch_id).close(wait=True)


class SdkInThreads(Sdk):
    """A script that calls one client of the official SDK from many threads."""

    def results(self, jobs):
        """All results, as many at a time as there are threads."""
        with ThreadPoolExecutor(THREADS) as pool:
            return sum(pool.map(self._has_result, jobs))

    def _has_result(self, job):
        return bool(job.result)


class SdkPerThread(SdkInThreads):
    """The same script with a client of its own in each thread."""

    def __init__(self, url):
        super().__init__(url)
        self._own = threading.local()

    def _has_result(self, job):
        if not hasattr(self._own, "client"):
            self._own.client = self._connect()
        job._client = self._own.client._client
        return bool(job.result)


class JsonAlone:
    """No client at all."""

    def __init__(self, url):
        pass

    def jobs(self, size):
        """None."""

    def load(self, body):
        """The values of one answer."""
        return len(json.loads(body)["data"]["jobs"])


PEERS = {
    "sdk": Sdk,
    "sdk-threads": SdkInThreads,
    "sdk-per-thread": SdkPerThread,
    "json": JsonAlone,
    "ours": Ours,
}


def measured(peer, work, url, size):
    """What some work cost: seconds of wall and CPU, peak memory, and how much of it was there before."""
    doing = PEERS[peer](url)
    given = {"results": doing.jobs, "load": lambda n: _embedding_answer(url, n)}.get(work, int)(size)
    idle = _peak_mb()
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    done = getattr(doing, work)(given)
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    if done != size:
        raise SystemExit(f"{peer} did {done} of {size}")
    return {"wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": _peak_mb(), "idle_mb": idle}


def late(peer, url, ends_s):
    """How late the end of each of several batches is noticed (in s), all waited for at the same time."""
    doing = PEERS[peer](url)

    def lateness_s(end_s):
        started_s = time.perf_counter()
        doing.wait(f"ends-{end_s}-{peer}")
        return time.perf_counter() - started_s - end_s

    with ThreadPoolExecutor(len(ends_s)) as pool:
        return list(pool.map(lateness_s, ends_s))


def _embedding_answer(url, size):
    request = urllib.request.Request(f"{url}/api/v2/batches/jobs-{size}/cancel", method="PATCH")
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def _peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES_A_UNIT / 1e6


if __name__ == "__main__":
    name, what, where, *numbers = sys.argv[1:]
    numbers = [float(number) for number in numbers]
    found = late(name, where, numbers) if what == "wait" else measured(name, what, where, int(numbers[0]))
    sys.stdout.write(json.dumps(found))
