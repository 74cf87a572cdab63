"""The official SDK as a process: an order a line on stdin, what it reads a line on stdout.

The version is the one that Python finds; the first line says which.
"""

from __future__ import annotations

import json
import sys
import traceback

from judged_orders import carried_out, dated
from pasqal_cloud._version import __version__
from pasqal_cloud.authentication import TokenProvider
from pasqal_cloud.device import EmuFreeConfig
from pasqal_cloud.endpoints import Endpoints
from pasqal_cloud.errors import ExceptionWithResponseContext, JobRetryError
from pasqal_cloud.http_client import HTTPClient
from pasqal_cloud.pasqal_cloud_client import PasqalCloudClient
from pasqal_cloud.utils.filters import (
    BatchFilters,
    CancelJobFilters,
    JobFilters,
    PaginationParams,
    RebatchFilters,
)

# Most are no `Exception`; that one is.
REFUSALS = (ExceptionWithResponseContext, JobRetryError)


class Token(TokenProvider):
    """The token of both sides."""

    def get_token(self):
        """The token."""
        return "token"


class Judge(PasqalCloudClient):
    """The SDK's client, that takes filters, options and pages as they stand in an order."""

    def create_batch(self, configuration=None, **fields):
        """A new batch."""
        options = EmuFreeConfig.from_dict(configuration) if configuration else None
        return super().create_batch(configuration=options, **fields)

    def get_batches(self, offset=0, **filters):
        """One page of batches."""
        return super().get_batches(BatchFilters(**dated(filters)), PaginationParams(offset=offset)).results

    def get_jobs(self, offset=0, **filters):
        """One page of jobs."""
        return super().get_jobs(JobFilters(**dated(filters)), PaginationParams(offset=offset)).results

    def rebatch(self, id, **filters):  # noqa: A002  (the SDK's name)
        """A batch from jobs of another."""
        return super().rebatch(id, RebatchFilters(**dated(filters)))

    def cancel_jobs(self, batch_id, **filters):
        """The jobs that were cancelled, and why others were not."""
        answer = super().cancel_jobs(batch_id, CancelJobFilters(**dated(filters)))
        return {"jobs": answer.jobs, "errors": answer.errors}

    def cancel_batches(self, batch_ids):
        """The batches that were cancelled, and why others were not."""
        answer = super().cancel_batches(batch_ids)
        return {"batches": answer.batches, "errors": answer.errors}

    def get_all_projects(self):
        """Projects with all their fields."""
        return [project.model_dump() for project in super().get_all_projects()]

    def raw(self, method, arguments):
        """A method of the client below, which gives payloads."""
        return getattr(self._client, method)(*arguments)


def answer_to(order):
    """What an order gives, or how it ended the SDK."""
    endpoints = Endpoints(core=order["url"], account=order["url"])
    token = Token() if order["token"] else None
    client = Judge(project_id=order["project_id"], token_provider=token, endpoints=endpoints)
    try:
        return carried_out(client, order, REFUSALS)
    except Exception:  # noqa: BLE001  (the other process shows it)
        return {"crash": traceback.format_exc()}


def main():
    """Carries out orders until there are no more."""
    calls = [name for name in dir(HTTPClient) if not name.startswith("_")]
    say({"version": __version__, "calls": calls})
    for line in sys.stdin:
        say(answer_to(json.loads(line)))


def say(value):
    """Writes a line."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
