"""Which service a target is, whatever it is called: its kind, and its name among all of the kind. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from runner.cloud import region_at
from runner.errors import ProjectError
from runner.project.config.settings import LOCAL
from runner.project.config.targets import LOCAL_PROJECT, without_user
from runner.results.records.sites import EMULATED, Site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.project.config.settings import Settings, Target

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
