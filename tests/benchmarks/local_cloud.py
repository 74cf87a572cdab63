"""The local cloud against plain scripts: `python tests/benchmarks/local_cloud.py [--quick]`.

A sweep on the local cloud over HTTP, against a script that loops over `QutipBackendV2` in one process and
against the same loop in a pool of processes; then what a job, a start and 10,000 jobs cost, and how long
others wait meanwhile. All numbers of a table are of one run: numbers of different runs, or machines, say
nothing. Not for Windows.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

from emulating import points, sweep_sequence

from runner.local.server.launch import ensure_running

HERE = Path(__file__).parent
PROJECT = "00000000-0000-4000-8000-000000000000"
NAMES = {
    "loop": "loop over QutipBackendV2",
    "pool": "the same in a process pool",
    "cloud": "local cloud",
    "again": "local cloud, the sweep with more runs",
}
N_SUBMITTERS = 8
N_LOOKS = 400
_WAIT_S = 0.005
# How often the status of a batch is asked for: a hundredth of a sweep. Each answer takes time of the workers.
_LOOK_S = 0.02


class Cloud:
    """A client that does no more than it must."""

    def __init__(self, server):
        self.server, self.pid = server, server.pid
        self._connection = HTTPConnection(urlsplit(server.url).netloc)

    def answer(self, method, path, body=None):
        """An answer, over one connection that is kept."""
        self._connection.request(method, path, None if body is None else json.dumps(body))
        return json.loads(self._connection.getresponse().read())

    def ask(self, method, path, body=None):
        """The `data` of an answer."""
        return self.answer(method, path, body)["data"]

    def create(self, n_atoms, jobs, **fields):
        """A batch of the sweep's sequence."""
        plain = {
            "project_id": PROJECT,
            "sequence_builder": sweep_sequence(n_atoms),
            "device_type": "EMU_FREE",
        }
        return self.ask("POST", "/api/v1/batches", plain | {"jobs": jobs} | fields)

    def run(self, n_atoms, jobs):
        """Seconds from sending a batch to having all its results."""
        begun = time.perf_counter()
        batch = self.create(n_atoms, jobs)
        while self.ask("GET", f"/api/v1/batches/{batch['id']}/status")["status"] != "DONE":
            time.sleep(_LOOK_S)
        for job in batch["jobs"]:
            link = self.ask("GET", f"/api/v1/jobs/{job['id']}/results_link")["results_link"]
            assert sum(self.answer("GET", urlsplit(link).path)["counter"].values()) == job["runs"]
        return time.perf_counter() - begun

    def cpu_s(self):
        """What the server and its workers took of processors so far (in s); 0 where there is no /proc."""
        parents, taken = {}, {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
                parents[int(stat.parent.name)] = int(fields[1])
                taken[int(stat.parent.name)] = int(fields[11]) + int(fields[12])
        ours = {self.pid}
        while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
            ours |= more
        return sum(taken.get(pid, 0) for pid in ours) / os.sysconf("SC_CLK_TCK")

    def timed(self, n_atoms, jobs):
        """Seconds of a batch, and those of processors."""
        begun = self.cpu_s()
        seconds = self.run(n_atoms, jobs)
        return seconds, self.cpu_s() - begun

    def memory_mb(self):
        """What the server's process holds (in MB), without its workers."""
        said = subprocess.run(["ps", "-o", "rss=", "-p", str(self.pid)], capture_output=True, check=True)
        return int(said.stdout) / 1024


def jobs_of(n_jobs, runs):
    """The jobs of a sweep, as they are sent."""
    return [{"runs": runs, "variables": values} for values in points(n_jobs)]


@contextmanager
def a_cloud():
    """A server on an empty store, and how long it took to answer (in s)."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        cloud = Cloud(ensure_running(Path(folder) / "store", idle_exit_s=600))
        try:
            yield cloud, time.perf_counter() - begun
        finally:
            os.kill(cloud.pid, signal.SIGTERM)
            while Path(folder, "store", "server.json").exists():
                time.sleep(_WAIT_S)


def by_script(peer, n_atoms, n_jobs, runs, workers):
    """Times (in s) of a plain script in a fresh process."""
    words = [sys.executable, str(HERE / "emulating.py"), peer, *map(str, (n_atoms, n_jobs, runs, workers))]
    return json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)


def sweep(n_atoms, n_jobs, workers):
    """The sweep by everybody, and once more with more runs."""
    rows = {peer: min(by_script(peer, n_atoms, n_jobs, 200, workers)) for peer in ("loop", "pool")}
    with a_cloud() as (cloud, _):
        cloud.run(2, jobs_of(4 * workers, 1))  # workers are warm
        rows["cloud"] = cloud.timed(n_atoms, jobs_of(n_jobs, 200))
        rows["again"] = min(cloud.timed(n_atoms, jobs_of(n_jobs, 400 + more)) for more in range(2))
    yield f"a sweep of {n_jobs} jobs of {n_atoms} atoms, {workers} workers"
    yield f"  {'':40}{'seconds':>9}{'ms a job':>10}{'times the loop':>16}{'CPU seconds':>13}"
    for peer, (seconds, cpu) in rows.items():
        of_loop = rows["loop"][0] / seconds
        said = f"{seconds:9.3f}{1000 * seconds / n_jobs:10.2f}{of_loop:16.2f}"
        yield f"  {NAMES[peer]:40}{said}{'' if peer == 'pool' else f'{cpu:13.3f}'}"
    yield "  goals with 2 workers: local cloud at least 8 times the loop, with more runs 60 times"
    yield ""


def trivial_jobs(n_jobs, workers):
    """What a job of two atoms costs, wherever the time goes."""
    script, script_cpu = min(by_script("loop", 2, n_jobs, 10, 1))
    with a_cloud() as (cloud, _):
        cloud.run(3, jobs_of(4 * workers, 1))
        ours = [cloud.timed(2, jobs_of(n_jobs, 10 + more)) for more in range(2)]
    yield f"{n_jobs} trivial jobs of 2 atoms, {workers} workers (in ms a job)"
    yield f"  {'':40}{'elapsed':>9}{'CPU':>9}"
    yield f"  {NAMES['loop']:40}{1000 * script / n_jobs:9.2f}{1000 * script_cpu / n_jobs:9.2f}"
    for name, (seconds, cpu) in zip(("local cloud", "local cloud, evolved before"), ours, strict=True):
        yield f"  {name:40}{1000 * seconds / n_jobs:9.2f}{1000 * cpu / n_jobs:9.2f}"
    yield "  goal: at most 8, results fetched one by one included"
    yield ""


def start(repetitions):
    """From nothing to the first answer, and to the first result; beside it, what no start can do without."""
    imports, answers, results = [], [], []
    for _ in range(repetitions):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import pulser"], check=True)
        imports.append(time.perf_counter() - begun)
        with a_cloud() as (cloud, seconds):
            answers.append(seconds)
            results.append(seconds + cloud.run(2, jobs_of(1, 10)))
    yield f"start of a server on an empty store (in s, median of {repetitions})"
    yield f"  {'`import pulser` in a process of its own':40}{median(imports):9.3f}"
    yield f"  {'to its first answer':40}{median(answers):9.3f}"
    yield f"  {'to its first result':40}{median(results):9.3f}"
    yield f"  goal: at most 1.1 times the import; it was {median(results) / median(imports):.2f} times"
    yield ""


def many_jobs(n_jobs):
    """What a server holds that has many pending jobs: those of a machine that another batch holds."""
    with a_cloud() as (cloud, _):
        cloud.run(2, jobs_of(4, 1))
        cloud.create(2, jobs_of(1, 1), device_type="FRESNEL", open=True)
        before, begun = cloud.memory_mb(), time.perf_counter()
        batch = cloud.create(2, [], device_type="FRESNEL", open=True)
        for _ in range(n_jobs // 500):
            cloud.ask("POST", f"/api/v2/batches/{batch['id']}/jobs", jobs_of(500, 1))
        submitted, after = time.perf_counter() - begun, cloud.memory_mb()
        status_ms = []
        for _ in range(50):
            begun = time.perf_counter()
            cloud.ask("GET", f"/api/v1/batches/{batch['id']}/status")
            status_ms.append(1000 * (time.perf_counter() - begun))
    yield f"a server with {n_jobs} pending jobs"
    yield f"  {'memory before (in MB)':40}{before:9.1f}"
    yield f"  {'memory with them (in MB)':40}{after:9.1f}"
    yield f"  {'submission in parts of 500 (in s)':40}{submitted:9.2f}"
    yield f"  {'a status request (in ms, median)':40}{median(status_ms):9.2f}"
    yield ""


def load(n_pending):
    """What submissions, lists and status requests take while many jobs wait, and while others submit."""
    with a_cloud() as (cloud, _):
        cloud.run(2, jobs_of(4, 1))
        holder = cloud.create(2, jobs_of(1, 1), device_type="FRESNEL", open=True)
        asked = f"/api/v1/batches/{holder['id']}/status"
        quiet = latencies_ms(cloud, asked, lambda n: n < N_LOOKS)
        begun = time.perf_counter()
        with ThreadPoolExecutor(N_SUBMITTERS) as pool:
            batches = range(n_pending // 100)
            work = [pool.submit(submit_one, cloud.server, number) for number in batches]
            during = latencies_ms(cloud, asked, lambda _: not all(each.done() for each in work))
        submitted = time.perf_counter() - begun
        assert all(each.result() for each in work)
        pending = latencies_ms(cloud, asked, lambda n: n < N_LOOKS)
        lists = {
            path: latencies_ms(cloud, path, lambda n: n < N_LOOKS // 4)
            for path in (
                "/api/v1/batches",
                "/api/v2/jobs",
                f"/api/v2/jobs?offset={n_pending - 100}",
                "/api/v2/jobs?status=PENDING&limit=1",
            )
        }
    yield f"{n_pending} jobs of different points from {N_SUBMITTERS} clients, in batches of 100"
    yield f"  {'jobs a second':40}{n_pending / submitted:9.0f}"
    yield f"  {'(in ms)':40}{'median':>9}{'99 %':>9}"
    rows = {"status, 0 pending": quiet, "status, while they are submitted": during}
    rows |= {f"status, {n_pending} pending": pending} | {f"GET {path}": lists[path] for path in lists}
    for name, found in rows.items():
        yield f"  {name:40}{median(found):9.2f}{quantiles(found, n=100)[98]:9.2f}"
    yield ""


def latencies_ms(cloud, path, goes_on):
    """Times of requests (in ms), one after the other, as long as it goes on."""
    found = []
    while goes_on(len(found)) or len(found) < 2:
        begun = time.perf_counter()
        cloud.answer("GET", path)
        found.append(1000 * (time.perf_counter() - begun))
    return found


def submit_one(server, number):
    """Id of a batch of 100 jobs that waits behind another one, at points that no other batch has."""
    jobs = [{"runs": 1, "variables": {"amplitude": 3.0 + number / 1000 + n / 1e6}} for n in range(100)]
    return Cloud(server).create(2, jobs, device_type="FRESNEL")["id"]


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="16 jobs a sweep, 1000 pending jobs")
    parser.add_argument("--only", choices=["sweep", "trivial", "start", "many", "load"], help="one table")
    given = parser.parse_args()
    workers = os.cpu_count() or 1
    tables = {
        "sweep": [lambda n=n: sweep(n, 16 if given.quick else 64, workers) for n in (8, 10)],
        "trivial": [lambda: trivial_jobs(200, workers)],
        "start": [lambda: start(2 if given.quick else 5)],
        "many": [lambda: many_jobs(1000 if given.quick else 10_000)],
        "load": [lambda: load(1000 if given.quick else 10_000)],
    }
    for name, made in tables.items():
        if given.only in (None, name):
            for table in made:
                say(table())


def say(lines):
    """Writes lines as soon as they are known."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
