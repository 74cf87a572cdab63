"""`Cloud`: the client for daily use, with `Batch` and `Job` instead of payloads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self, TypeVar
from urllib.parse import urlsplit

from runner.cloud.batch import Batch, job_payload
from runner.cloud.client import Client
from runner.cloud.emulator_config import Configuration
from runner.cloud.job import Job, asked
from runner.cloud.wait import Waited, wait_for_batch
from runner.cloud.wire.credentials import Credentials, token_provider
from runner.cloud.wire.default_port import http_port
from runner.cloud.wire.endpoints import Endpoints, region_endpoints, region_login
from runner.cloud.wire.transport import Payload, is_loopback
from runner.errors import (
    AuthenticationError,
    BatchCancellingError,
    BatchCreationError,
    BatchFetchingError,
    CloudError,
    JobFetchingError,
    RebatchError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Unpack

    from runner.cloud.filters import BatchFilters, JobFilters, RebatchFilters
    from runner.cloud.wire.tokens import TokenProvider
    from runner.cloud.wire.transport import Port
    from runner.errors import UnknownOutcomeError

T = TypeVar("T")

# How far two clocks may differ when a lost submission is looked for by its time.
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What came of cancelling several batches.

    Args:
        errors: Why a batch was not cancelled, by its id.
    """

    batches: list[Batch]
    errors: dict[str, str]


class Cloud:
    """Batches and jobs of one project; usable from several threads.

    Args:
        client: Speaks to the cloud, endpoint by endpoint.
    """

    def __init__(self, client: Client) -> None:
        self.client = client

    def __repr__(self) -> str:
        return f"Cloud({self.client!r})"

    @classmethod
    def connect(
        cls,
        *,
        project_id: str | None = None,
        region: str = "fr",
        url: str | None = None,
        credentials: Credentials | None = None,
        ca_bundle: str | None = None,
    ) -> Self:
        """The cloud of a region, or at any URL. Nothing is sent yet.

        Args:
            url: Base URL of a cloud that speaks PCS's interface, instead of a region.

            credentials: By default what the environment says; at a URL there may be none.

            ca_bundle: Path of the TLS certificates to trust, instead of the system's.

        Raises:
            AuthenticationError: A region needs credentials, and there are none.
        """
        endpoints = (
            Endpoints(core=url.rstrip("/"), account=url.rstrip("/")) if url else region_endpoints(region)
        )
        found = credentials or Credentials.from_environment(os.environ)
        return cls(
            make_client(endpoints, project_id, found, region=None if url else region, ca_bundle=ca_bundle)
        )

    def create_batch(
        self,
        sequence: str | None,
        jobs: Iterable[Mapping[str, object]] = (),
        *,
        wait: bool = False,
        **fields: object,
    ) -> Batch:
        """Creates a batch with one POST.

        Args:
            sequence: Abstract representation, JSON text; None when each job has its own.

            jobs: Each with `runs`, and `variables` or its own `sequence`.

            wait: Returns only when no job is under way.

            fields: device_type, open, tags, configuration, backend_configuration, webhook.

        Raises:
            BatchCreationError: It was refused, or the cause is an `UnknownOutcomeError`.
        """
        payload = _batch_payload(sequence, jobs, fields)
        batch = self._batch(BatchCreationError, "created", lambda: self.client.send_batch(payload))
        if wait:
            self.wait(batch.id)
            batch.refresh()
        return batch

    def get_batch(self, batch_id: str) -> Batch:
        """One batch; its jobs are fetched when they are looked at."""
        return self._batch(BatchFetchingError, "read", lambda: self.client.get_batch(batch_id))

    def get_job(self, job_id: str) -> Job:
        """One job."""
        payload = asked(JobFetchingError, "job could not be read", lambda: self.client.get_job(job_id))
        return Job(payload, self.client)

    def batches(self, **filters: Unpack[BatchFilters]) -> Iterator[Batch]:
        """Batches that pass all filters, newest first; pages are fetched as they are needed."""
        listed = _told(BatchFetchingError, "batches", self.client.get_batches(**filters))
        return (Batch(payload, self.client) for payload in listed)

    def jobs(self, **filters: Unpack[JobFilters]) -> Iterator[Job]:
        """Jobs that pass all filters; pages are fetched as they are needed."""
        listed = _told(JobFetchingError, "jobs", self.client.get_jobs(**filters))
        return (Job(payload, self.client) for payload in listed)

    def rebatch(self, batch_id: str, **filters: Unpack[RebatchFilters]) -> Batch:
        """A new batch from jobs of a closed one, with one POST.

        Raises:
            RebatchError: It was refused, or its outcome is unknown: the cause is an `UnknownOutcomeError`.
        """
        return self._batch(RebatchError, "batched again", lambda: self.client.rebatch(batch_id, **filters))

    def cancel_batches(self, batch_ids: Sequence[str]) -> Cancelled:
        """Cancels several batches with one request; one that could not be does not hinder the others."""
        text = "batches could not be cancelled"
        payload = asked(BatchCancellingError, text, lambda: self.client.cancel_batches(batch_ids))
        batches = [Batch(each, self.client) for each in payload.get("batches") or ()]
        return Cancelled(batches, dict(payload.get("errors") or {}))

    def wait(self, batch_id: str, *, timeout_s: float | None = None) -> Waited:
        """Waits until a batch has ended, or none of its jobs is under way; says why it ended.

        Args:
            timeout_s: Longest wait (in s); None for no limit.
        """
        return wait_for_batch(self.client, batch_id, timeout_s=timeout_s)

    def results(self, jobs: Iterable[Job]) -> dict[str, Payload | CloudError | None]:
        """What several jobs measured, by their ids, fetched at the same time.

        None stands for a job without a result, an error for one whose result could not be had: it is that
        job's alone. Each job keeps its result.
        """
        by_id = {job.id: job for job in jobs}
        results = self.client.get_results(by_id)
        for job_id, result in results.items():
            if isinstance(result, dict):
                by_id[job_id].keep_result(result)
        return results

    def look_up(self, error: UnknownOutcomeError) -> list[Batch]:
        """Batches that a submission of unknown outcome may have made or extended, newest first.

        Lists may lag behind: finding none right away proves nothing.
        """
        if error.batch_id:
            return [self.get_batch(error.batch_id)]
        since = error.sent_at - _CLOCKS_DIFFER if error.sent_at else None
        tags = list(error.tags)
        found = self.batches(tag=tags[0] if tags else None, start_date=since)
        return [batch for batch in found if set(tags) <= set(batch.tags or ())]

    def _batch(self, kind: type[CloudError], verb: str, call: Callable[[], Payload]) -> Batch:
        return Batch(asked(kind, f"batch could not be {verb}", call), self.client)


def make_client(
    endpoints: Endpoints,
    project_id: str | None,
    credentials: Credentials,
    *,
    region: str | None,
    ca_bundle: str | None = None,
) -> Client:
    """A client over HTTP(S) that logs in with some credentials.

    Args:
        region: Where passwords are exchanged for tokens; None at a URL, where credentials may be missing.
    """
    port = http_port(ca_bundle or True)
    tokens = _tokens(credentials, region, port)
    if tokens and not _may_carry_tokens(endpoints.core):
        raise AuthenticationError(
            f"a token is not sent to {endpoints.core}: anybody on the way could read it", hint="use https"
        )
    return Client(endpoints=endpoints, project_id=project_id, tokens=tokens, port=port)


# What a new batch may say of itself, and whether it is said when it is nothing.
_FIELDS: Final = {
    "webhook": True,
    "open": True,
    "device_type": True,
    "configuration": False,
    "tags": False,
    "backend_configuration": False,
}


def _batch_payload(
    sequence: str | None, jobs: Iterable[Mapping[str, object]], fields: Mapping[str, object]
) -> Payload:
    unknown = fields.keys() - _FIELDS.keys()
    if unknown:
        raise TypeError(f"a batch has no {min(unknown)!r}, only {', '.join(_FIELDS)}")
    said = {"open": False} | dict(fields)
    options = said.get("configuration")
    if isinstance(options, Configuration):
        said["configuration"] = options.to_dict()
    return {
        "sequence_builder": sequence,
        "jobs": [job_payload(job) for job in jobs],
        **{name: said.get(name) for name, always in _FIELDS.items() if always or said.get(name)},
    }


def _told(kind: type[CloudError], what: str, payloads: Iterator[Payload]) -> Iterator[Payload]:
    """A list that tells its failures by the name that users of `Batch` and `Job` know."""
    try:
        yield from payloads
    except CloudError as error:
        raise kind(f"{what} could not be listed: {error}", hint=error.hint) from error


def _tokens(credentials: Credentials, region: str | None, port: Port) -> TokenProvider | None:
    if region is not None:
        return token_provider(credentials, login=region_login(region), port=port)
    if credentials.token or credentials.provider:
        return token_provider(credentials, login=region_login("fr"), port=port)
    return None  # where a password of this cloud is exchanged for a token is not known


def _may_carry_tokens(url: str) -> bool:
    return urlsplit(url).scheme == "https" or is_loopback(url)
