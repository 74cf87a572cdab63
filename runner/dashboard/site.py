"""Every page of the dashboard by its address: its data, and as HTML. Pure, but for files that are shown."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from runner.dashboard.pages.activity import activity
from runner.dashboard.pages.experiment import experiment
from runner.dashboard.pages.figures import moment
from runner.dashboard.pages.holds import holds
from runner.dashboard.pages.job import job
from runner.dashboard.pages.overview import overview
from runner.dashboard.pages.queue import queue
from runner.dashboard.pages.revisions import SideBySide
from runner.dashboard.pages.spending import spending
from runner.dashboard.pages.strategy import strategy
from runner.errors import RunnerError
from runner.pages import part, rendered
from runner.project.api import Declared
from runner.project.revisions.file_history import file_commits, recent_commits
from runner.reconcile import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from markupsafe import Markup

    from runner.dashboard.sight import Sight
    from runner.project.experiments.loaded import Experiment
    from runner.project.project import Project
    from runner.project.revisions.file_history import PastCommit
    from runner.results import Verdict
    from runner.results.analysis.job_result import MeasuredJob

    Data = dict[str, Any]

_MOST_COMMITS: Final = 50
_MOST_HISTORIES: Final = 256
_NAME: Final = r"(?P<name>[a-z0-9][a-z0-9-]*)"
NAVIGATION: Final = (
    ("", "Experiments"),
    ("queue/", "Queue and devices"),
    ("spend/", "Spend"),
    ("holds/", "Holds"),
    ("activity/", "Activity"),
)


def _no_results(_: Experiment) -> tuple[()]:
    return ()


def _no_commits(_: str, __: str) -> tuple[()]:
    return ()


def _no_verdict(_: Sight, __: str) -> None:
    return None


def _no_comparison(*_: str) -> SideBySide:
    return SideBySide(trouble="nothing is compared here")


@dataclass(frozen=True, slots=True)
class Sources:
    """What is read of a repository when a page is asked for.

    Args:
        read: Gives the text of a file, by its path from the root.

        results: Gives the results of an experiment.

        history: Gives the commits of a file by its path from the root, or all for an empty path, at the
            commit that is checked out; newest first.

        verified: Gives whether what is on record of an experiment, by its name, is as it was recorded.

        compared: Gives two revisions side by side, by their names and the path of a file.
    """

    read: Callable[[str], str]
    results: Callable[[Experiment], Sequence[MeasuredJob]] = _no_results
    history: Callable[[str, str], Sequence[PastCommit]] = _no_commits
    verified: Callable[[Sight, str], Verdict | None] = _no_verdict
    compared: Callable[[str, str, str], SideBySide] = _no_comparison


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A page that is asked for.

    Args:
        names: Parts of its address.

        asked: What stands behind the question mark.

        sources: What is read when it is asked for.
    """

    names: Mapping[str, str]
    asked: Mapping[str, str]
    sources: Sources


@dataclass(frozen=True, slots=True)
class SitePage:
    """A page that was made.

    Args:
        template: What shows its data; empty where there is no such page.

        place: Of the page in the navigation.
    """

    template: str
    title: str
    data: Data
    place: str = ""


def page(sight: Sight, path: str, asked: Mapping[str, str], sources: Sources) -> SitePage | None:
    """The page at an address; None where there is none.

    Args:
        path: From the root of the site, without a slash in front, with one behind it or empty.
    """
    for pattern, make in _PAGES:
        found = pattern.fullmatch(path)
        if found:
            return make(sight, PageRequest(found.groupdict(), asked, sources))
    return None


class Verdicts:
    """Verifies records of a repository; what has not changed since is not verified again."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[object, Verdict]] = {}

    def of(self, project: Project, sight: Sight, name: str) -> Verdict:
        """Whether what is on record of an experiment is as it was recorded."""
        recorded = sight.recorded.get(name)  # another object whenever a file of it was written
        known = self._known.get(name)
        if known is None or known[0] is not recorded:
            known = self._known[name] = (recorded, project.recorded.verdict(sight.experiments[name]))
        return known[1]


def sources(
    project: Project,
    compared: Callable[[str, str, str], SideBySide] = _no_comparison,
    verdicts: Verdicts | None = None,
) -> Sources:
    """What a repository has for its pages.

    Args:
        verdicts: Remembers what was verified before.
    """
    judge = verdicts or Verdicts()
    return Sources(
        read=lambda path: shown_text(project.root, path),
        results=lambda experiment: Declared(project, experiment).results(),
        history=lambda path, head: _history(project.root, path, head),
        verified=lambda sight, name: judge.of(project, sight, name),
        compared=compared,
    )


@lru_cache(maxsize=_MOST_HISTORIES)
def _history(root: Path, path: str, head: str) -> tuple[PastCommit, ...]:
    """The commits of a file; git walks through a long history for them, so they are kept."""
    if not head:
        return ()
    return tuple(file_commits(root, path, _MOST_COMMITS) if path else recent_commits(root, _MOST_COMMITS))


def shown_text(root: Path, path: str) -> str:
    """The text of a file of a repository, or why it cannot be read.

    Args:
        path: From the root.
    """
    try:
        return (root / path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"# cannot be read: {error.strerror}"


class Fragments:
    """Tiles as HTML, made again only of what has changed: there may be hundreds."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, bool], tuple[Mapping[str, Any], Markup]] = {}

    def __call__(self, tile: Mapping[str, Any], *, is_live: bool) -> Markup:
        """A tile as HTML, as the first page shows it."""
        key = (tile["name"], is_live)
        known = self._made.get(key)
        if known is None or known[0] is not tile:
            made = part("runner.dashboard", "tile.html", t=tile, is_live=is_live)
            known = self._made[key] = (tile, made)
        return known[1]


def as_json(data: object) -> str:
    """The data of a page as JSON; a number that JSON cannot say is null."""
    return json.dumps(_finite(data), default=str)


def _finite(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {str(name): _finite(value) for name, value in data.items()}
    return [_finite(each) for each in data] if isinstance(data, list | tuple) else data


def html(
    sight: Sight, made: SitePage, *, root: str, is_live: bool, fragments: Fragments | None = None
) -> str:
    """A page as HTML.

    Args:
        root: What leads from it to the root of the site, as `../../`.

        is_live: Whether it is brought up to date while it is looked at.

        fragments: Remembers parts of pages that were made before.
    """
    return rendered(
        "runner.dashboard",
        made.template,
        page=made.data,
        title=made.title,
        place=made.place,
        root=root,
        is_live=is_live,
        fragment=fragments or Fragments(),
        known=sight.experiments.keys(),
        navigation=NAVIGATION,
        site={
            "title": sight.title,
            "target": sight.target,
            "looked_at": moment(sight.looked_at),
            "trouble": sight.trouble,
            "defect": sight.defect,
            "unread": sight.unread,
            "version": sight.version,
        },
    )


def _overview(sight: Sight, request: PageRequest) -> SitePage:
    return SitePage("overview.html", "Experiments", overview(sight, request.asked))


def _experiment(sight: Sight, request: PageRequest) -> SitePage | None:
    name = request.names["name"]
    if name not in sight.experiments:
        return None
    path = sight.paths[name]
    commits = request.sources.history(path, sight.head)
    data = experiment(sight, name, request.sources.read(path), commits, request.asked)
    return SitePage("experiment.html", name, data)


def _job(sight: Sight, request: PageRequest) -> SitePage | None:
    name, key = request.names["name"], request.names["key"]
    if name not in sight.experiments:
        return None
    is_recorded = any(record.key == key for record in sight.recorded.get(name, ()))
    verdict = request.sources.verified(sight, name) if is_recorded else None
    data = job(sight, name, key, verdict)
    return None if data is None else SitePage("job.html", f"{data['name']} of {name}", data)


def _strategy(sight: Sight, request: PageRequest) -> SitePage | None:
    name = request.names["name"]
    if name not in sight.experiments:
        return None
    jobs: Sequence[MeasuredJob] = ()
    trouble = ""
    try:
        jobs = request.sources.results(sight.experiments[name])
    except RunnerError as error:
        trouble = str(error)
    data = strategy(sight, name, jobs, trouble)
    return None if data is None else SitePage("strategy.html", f"Strategy of {name}", data)


def _holds(sight: Sight, _: PageRequest) -> SitePage:
    return SitePage("holds.html", "Holds", holds(sight), "holds/")


def _queue(sight: Sight, _: PageRequest) -> SitePage:
    return SitePage("queue.html", "Queue and devices", queue(sight), "queue/")


def _spending(sight: Sight, _: PageRequest) -> SitePage:
    return SitePage("spending.html", "Spend", spending(sight, utc_now().date()), "spend/")


def _activity(sight: Sight, request: PageRequest) -> SitePage:
    asked = request.asked
    found = None
    if asked.get("from"):
        found = request.sources.compared(asked["from"], asked.get("to", ""), asked.get("path", ""))
    data = activity(sight, asked, request.sources.history("", sight.head), found)
    return SitePage("activity.html", "Activity", data, "activity/")


_PAGES: Final[tuple[tuple[re.Pattern[str], Callable[[Sight, PageRequest], SitePage | None]], ...]] = (
    (re.compile(""), _overview),
    (re.compile(f"experiments/{_NAME}/"), _experiment),
    (re.compile(f"experiments/{_NAME}/jobs/(?P<key>[0-9a-f]{{16}})/"), _job),
    (re.compile(f"experiments/{_NAME}/strategy/"), _strategy),
    (re.compile("queue/"), _queue),
    (re.compile("spend/"), _spending),
    (re.compile("holds/"), _holds),
    (re.compile("activity/"), _activity),
)
