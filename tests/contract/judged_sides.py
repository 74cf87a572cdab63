"""The two clients that carry out the same orders: ours, and a version of the official SDK in a process."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from judged_orders import carried_out, dated
from patience import PATIENCE_S

from runner.cloud import Batch, Client, Cloud, Endpoints, Job, ReadyToken, RequestsPort
from runner.errors import CloudError

PROJECT = "22222222-0000-4000-8000-000000000000"


class Ours:
    """Our client, by the names of the SDK's."""

    def __init__(self, client):
        self.client, self.cloud = client, Cloud(client)

    def create_batch(self, serialized_sequence, jobs, **fields):
        """A new batch."""
        return self.cloud.create_batch(serialized_sequence, jobs, **fields)

    def get_batch(self, id):  # noqa: A002  (the SDK's name)
        """One batch."""
        return self.cloud.get_batch(id)

    def get_batch_status(self, id):  # noqa: A002
        """Status of a batch."""
        return self.client.get_batch_status(id)["status"]

    def get_batches(self, **filters):
        """Batches."""
        return list(self.cloud.batches(**dated(filters)))

    def add_jobs(self, batch_id, jobs):
        """The batch with more jobs."""
        return Batch(self.client.add_jobs(batch_id, jobs), self.client)

    def close_batch(self, batch_id):
        """The batch, closed."""
        return Batch(self.client.close_batch(batch_id), self.client)

    def cancel_batch(self, id):  # noqa: A002
        """The batch, cancelled."""
        return Batch(self.client.cancel_batch(id), self.client)

    def cancel_batches(self, batch_ids):
        """The batches that were cancelled, and why others were not."""
        answer = self.cloud.cancel_batches(batch_ids)
        return {"batches": answer.batches, "errors": answer.errors}

    def rebatch(self, id, **filters):  # noqa: A002
        """A batch from jobs of another."""
        return self.cloud.rebatch(id, **dated(filters))

    def set_batch_tags(self, batch_id, tags):
        """The batch with these tags."""
        return Batch(self.client.set_batch_tags(batch_id, tags), self.client)

    def get_jobs(self, **filters):
        """Jobs."""
        return list(self.cloud.jobs(**dated(filters)))

    def get_job(self, id):  # noqa: A002
        """One job."""
        return self.cloud.get_job(id)

    def get_job_status(self, id):  # noqa: A002
        """Status of a job."""
        return self.client.get_job_status(id)["status"]

    def cancel_job(self, id):  # noqa: A002
        """The job, cancelled."""
        return Job(self.client.cancel_job(id), self.client)

    def cancel_jobs(self, batch_id, **filters):
        """The jobs that were cancelled, and why others were not."""
        answer = self.client.cancel_jobs(batch_id, **dated(filters))
        return {"jobs": [Job(job, self.client) for job in answer["jobs"]], "errors": answer["errors"]}

    def get_device_specs_dict(self):
        """Device specifications."""
        return self.client.get_device_specs_dict()

    def get_all_projects(self):
        """Projects."""
        return self.client.get_all_active_projects()

    def raw(self, method, arguments):
        """A method of the client below, which gives payloads."""
        return getattr(self.client, method)(*arguments)


@contextlib.contextmanager
def our_client(url, *, token=True):
    """A client of a server."""
    with contextlib.closing(RequestsPort()) as port:
        yield Client(
            endpoints=Endpoints(core=url, account=url),
            project_id=PROJECT,
            tokens=ReadyToken("token") if token else None,
            port=port,
        )


def we_read(url, order):
    """What our client reads at a server."""
    with our_client(url, token=order["token"]) as client:
        return carried_out(Ours(client), order, CloudError)


class SdkProcess:
    """A version of the official SDK.

    Args:
        folder: Where it is installed, when it is not the installed one.

        script: What it does.
    """

    def __init__(self, errors, folder=None, *, script="sdk_side.py"):
        self._errors = errors.open("w+", encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if not _is_foreign(name)}
        if folder is not None:
            environment["PYTHONPATH"] = str(folder)
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name(script))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment,
        )
        said = self._next_line()
        self.version, self.calls = said["version"], set(said["calls"])

    def read(self, url, order):
        """What it reads at a server."""
        self._process.stdin.write(json.dumps(order | {"url": url, "project_id": PROJECT}) + "\n")
        self._process.stdin.flush()
        said = self._next_line()
        if "crash" in said:
            pytest.fail(f"the SDK {self.version} did not get through {order}:\n{said['crash']}")
        return said

    def close(self):
        """Ends the process."""
        self._process.communicate(timeout=PATIENCE_S)
        self._errors.close()

    def _next_line(self):
        deadline = threading.Timer(PATIENCE_S, self._process.kill)
        deadline.start()
        line = self._process.stdout.readline()
        deadline.cancel()
        deadline.join()
        if not line:
            self._process.wait(PATIENCE_S)
            self._errors.seek(0)
            pytest.fail(f"the SDK said nothing within {PATIENCE_S:g} s:\n{self._errors.read()}")
        return json.loads(line)


def _is_foreign(name):
    return name.startswith(("PASQAL_", "PYTHONPATH")) or name.upper().endswith("_PROXY")


def install(version, folder):
    """Installs a version of the SDK alone into a folder; its dependencies are those of the installed one.

    Returns:
        Why that was not possible; empty if it was.
    """
    words = ["install", "--no-deps", "--quiet", "--no-input", "--disable-pip-version-check", "--retries", "0"]
    command = [sys.executable, "-m", "pip", *words, "--target", str(folder), f"pasqal-cloud=={version}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        return f"pip took longer than {PATIENCE_S:g} s"
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["pip says nothing"])[-1]
