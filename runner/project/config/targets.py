"""A target's name → a client that speaks to it, and what holds for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from runner.cloud import Client, Credentials, Endpoints, ReadyToken, make_client, region_endpoints
from runner.local.server.launch import ensure_running
from runner.reconcile import TargetSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from runner.project.config.settings import Target

# The local cloud has one project; the remote's lists are known to lag by nobody knows how much.
LOCAL_PROJECT: Final = "00000000-0000-4000-8000-000000000000"
_REMOTE_SETTLE_S: Final = 5.0
_REMOTE_POLL_S: Final = 5.0
_LOCAL_POLL_S: Final = 0.2
# Nobody says how many PCS takes; it is shared with others.
_REGION_REQUESTS_PER_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Connection:
    """A client of a target, and how to deal with it."""

    client: Client
    settings: TargetSettings


def connect(target: Target, *, store: Path, namespace: str | None, environ: Mapping[str, str]) -> Connection:
    """A connection to a target; the local cloud is started when it does not run.

    Args:
        store: Folder of the local cloud.

        environ: Where secrets come from.
    """
    if target.is_local:
        server = ensure_running(store, idle_exit_s=target.idle_exit_s, is_private=True)
        tokens = ReadyToken(server.token) if server.token else None
        endpoints = Endpoints(core=server.url, account=server.url)
        project_id = target.project_id or LOCAL_PROJECT
        client = Client(endpoints=endpoints, project_id=project_id, tokens=tokens)
        client = client.paced(target.requests_per_s)
        return Connection(client, _target_settings(target, namespace, settle_s=0.0, poll_s=_LOCAL_POLL_S))
    client = make_client(
        _endpoints(target),
        _project_id(target, environ),
        Credentials.from_environment(environ),
        region=target.region,
        ca_bundle=target.ca_bundle,
    )
    client = client.paced(target.requests_per_s or (_REGION_REQUESTS_PER_S if target.region else None))
    return Connection(
        client, _target_settings(target, namespace, settle_s=_REMOTE_SETTLE_S, poll_s=_REMOTE_POLL_S)
    )


def _target_settings(
    target: Target, namespace: str | None, *, settle_s: float, poll_s: float
) -> TargetSettings:
    return TargetSettings(
        namespace=namespace,
        settle_s=settle_s if target.settle_s is None else target.settle_s,
        claim_ttl_s=target.claim_ttl_s,
        poll_s=poll_s if target.poll_s is None else target.poll_s,
    )


def _endpoints(target: Target) -> Endpoints:
    if target.region:
        return region_endpoints(target.region)
    core = (target.url or "").rstrip("/")
    return Endpoints(core=core, account=(target.account_url or core).rstrip("/"))


def _project_id(target: Target, environ: Mapping[str, str]) -> str | None:
    said = target.project_id or environ.get("PASQAL_PROJECT_ID")
    return said or (None if target.region else LOCAL_PROJECT)


def without_user(url: str) -> str:
    """A URL without user and password; any other text as it is."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def environment() -> Mapping[str, str]:
    """The environment of this process."""
    return os.environ
