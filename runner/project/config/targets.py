"""A target's name → a client that speaks to it, and what holds for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from runner.cloud import Client, Credentials, Endpoints, ReadyToken, make_client, region_at, region_endpoints
from runner.errors import ProjectError
from runner.local.server.launch import ensure_running
from runner.project.config.settings import LOCAL
from runner.reconcile import TargetSettings
from runner.results.records.sites import EMULATED, Site

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from runner.project.config.settings import Settings
    from runner.project.config.tables import Target


# The local cloud has one project; the remote's lists lag by an unknown time.
LOCAL_PROJECT: Final = "00000000-0000-4000-8000-000000000000"
_REMOTE_SETTLE_S: Final = 5.0
_REMOTE_POLL_S: Final = 5.0
_LOCAL_POLL_S: Final = 0.2
# How many PCS takes is not documented; it is shared with others.
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


_REGION: Final = "pcs"
_OTHER: Final = "cloud"


def service(settings: Settings, name: str, environ: Mapping[str, str]) -> str:
    """The kind and the name of what a target leads to.

    All clouds on a machine are one, as each of them emulates the same. PCS is its region and project,
    whatever URL leads there; any other URL is what runner.toml calls it.

    Args:
        name: Of a target, or a URL.

    Raises:
        ProjectError: There is no such target.
    """
    target = settings.target_named(name)
    if target.is_emulated:
        return EMULATED
    project = target.project_id or environ.get("PASQAL_PROJECT_ID") or ""
    region = target.region or region_at(target.url or "")
    if region:
        return f"{_REGION}:{region}/{project}"
    return _other(_called(settings, name, target)[0], project)


def _other(called: str, project: str) -> str:
    return f"{_OTHER}:{called}" + (f"/{project}" if project and project != LOCAL_PROJECT else "")


def _called(settings: Settings, name: str, target: Target) -> list[str]:
    """What runner.toml calls a URL, its first name first; the URL itself, without user, where it does not."""
    same = [each for each, known in settings.targets.items() if known.url and _bare(known) == _bare(target)]
    return same or [without_user(name.rstrip("/"))]


def _bare(target: Target) -> str:
    return without_user((target.url or "").rstrip("/"))


def site(settings: Settings, name: str, environ: Mapping[str, str]) -> Site:
    """The service that a target is, with all that it is called in runner.toml and was called before."""
    first = settings.service_name(name)
    same = [each for each in (LOCAL, *settings.targets) if settings.service_name(each) == first]
    names = dict.fromkeys([first, name, *same])
    services = [service(settings, each, environ) for each in names]
    words = [_word(settings, each, environ) for each in names]
    others = [other for each in names for other in _other_names(settings, each, environ)]
    return Site(
        target=services[0],
        also=frozenset([*services, *words, *others]) - {services[0]},
        emulates=settings.target_named(first).is_emulated,
        of_name=partial(_service_or_none, settings, environ),
    )


def _other_names(settings: Settings, name: str, environ: Mapping[str, str]) -> list[str]:
    """What a service would be by each of the names that runner.toml has for its URL."""
    target = settings.target_named(name)
    if not target.url or not service(settings, name, environ).startswith(f"{_OTHER}:"):
        return []
    project = target.project_id or environ.get("PASQAL_PROJECT_ID") or ""
    return [_other(called, project) for called in _called(settings, name, target)]


def _service_or_none(settings: Settings, environ: Mapping[str, str], name: str) -> str:
    try:
        return service(settings, settings.service_name(name), environ)
    except ProjectError:
        return ""


def _word(settings: Settings, name: str, environ: Mapping[str, str]) -> str:
    """What journals of older versions say of a target."""
    target = settings.target_named(name)
    if target.is_local:
        return LOCAL
    project = target.project_id or environ.get("PASQAL_PROJECT_ID")
    project = project or ("" if target.region else LOCAL_PROJECT)
    return f"{target.region or without_user(name)} {project}".strip()
