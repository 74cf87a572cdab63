"""`Project`: the library's face. One repository, its settings, and what can be done with its experiments."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from runner.domain import Surplus
from runner.domain.numerals import counted
from runner.domain.slot_jobs import with_recorded_slots
from runner.errors import ProjectError
from runner.project.cache.compiled_cache import ANSWERS, CompiledCache, kept_folder
from runner.project.cache.device_specs import LiveDevices, LocalDevices, place_of
from runner.project.cache.kept_answers import KeptAnswers
from runner.project.config.repository import (
    STATE_FOLDER,
    as_typed,
    descends_from,
    find_root,
    head_commit,
    revision,
    root_commit_namespace,
    state_folder,
    unchanged_files,
)
from runner.project.config.settings import FILE_NAME, LOCAL, Settings, read_settings
from runner.project.config.targets import connect, environment, site
from runner.project.experiments.file_checks import on_target
from runner.project.experiments.loader import all_files, experiment_files, load_experiments
from runner.project.experiments.manifest import manifest
from runner.project.experiments.names import declared_names, dependencies
from runner.project.local_cloud import local_store
from runner.project.recorded_jobs import RecordedJobs
from runner.project.strategies.functions import StrategyFunctions
from runner.project.strategies.proposals import Proposals
from runner.reconcile import CloudMemory, Context, Journal, Patience, Reconciler, Snapshot, utc_now
from runner.results import Records
from runner.results.records.files import obstacle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from runner.domain import ObservedBatch
    from runner.project.config.tables import Target
    from runner.project.config.targets import Connection
    from runner.project.experiments.loaded import Experiment
    from runner.reconcile import CancelBatch, Outcome, Planned, TargetSettings, Watch
    from runner.results.records.sites import Site

    Promise = Callable[[list[Snapshot], list[Planned]], list[Snapshot]]

# How many experiments are performed at the same time.
WORKERS: Final = 8


@dataclass(frozen=True, kw_only=True)
class Project:
    """A repository of experiments, bound to one target. Nothing is connected before it is needed.

    Args:
        root: Where the repository begins.

        target_name: The cloud that is meant; a name of `runner.toml`, `local`, or a URL.

        environ: Where secrets come from.

        asks_cloud: Whether files may be read with the help of the target, which says what its devices can do.
    """

    root: Path
    settings: Settings
    target_name: str
    environ: Mapping[str, str] = field(default_factory=environment, repr=False)
    asks_cloud: bool = False

    @classmethod
    def open(
        cls,
        start: Path | None = None,
        target: str | None = None,
        *,
        allow_python: bool = False,
        asks_cloud: bool = False,
    ) -> Self:
        """The project around a file or folder.

        Args:
            start: By default the working folder.

            target: By default the one that runner.toml names, else the local cloud.

            allow_python: Whether functions in Python are run that files name, even if runner.toml does not
                say so.

            asks_cloud: Whether the target may be asked what its devices can do.

        Raises:
            ProjectError: The settings cannot be read, or there is no such target.
        """
        root = find_root(start or Path.cwd())
        return cls.at(root, target, allow_python=allow_python, asks_cloud=asks_cloud)

    @classmethod
    def at(
        cls, root: Path, target: str | None = None, *, allow_python: bool = False, asks_cloud: bool = False
    ) -> Self:
        """The project that begins in a folder, whatever is above it; see `open`."""
        settings = read_settings(root / FILE_NAME)
        name = target or settings.target
        settings.target_named(name)
        if allow_python:
            settings = settings.model_copy(update={"allow_python": True})
        return cls(root=root, settings=settings, target_name=name, asks_cloud=asks_cloud)

    @property
    def target(self) -> Target:
        """The settings of the target."""
        return self.settings.target_named(self.target_name)

    @cached_property
    def site(self) -> Site:
        """The service that the target is, whatever it is called."""
        return site(self.settings, self.target_name, self.environ)

    @property
    def namespace(self) -> str | None:
        """What separates this repository from others on the cloud; None when nothing tells."""
        known = self.settings.namespace or root_commit_namespace(self.root)
        # The cloud on this machine belongs to this checkout alone: no other repository uses it.
        return known or (LOCAL if self.target.is_local else None)

    @cached_property
    def records(self) -> Records:
        """What came back so far; one for all, since it remembers what it has read."""
        return Records(self.root / self.settings.results, kept=self.root / STATE_FOLDER / "manifests")

    def all_files(self) -> list[Path]:
        """All experiment files of the repository, as one would type them in the working folder.

        Raises:
            UsageError: There is none.

            ProjectError: A folder that runner.toml names is not there.
        """
        return all_files(as_typed(self.root), self.settings)

    def load(self, paths: Sequence[Path]) -> list[Experiment]:
        """The experiments of some files, or of all files in some folders, read and built.

        Raises:
            UsageError: A path does not exist.

            SpecError: Problems in any of the files, all at once.

            ProjectError: One depends on an experiment that is not there.
        """
        experiments = self._loaded(experiment_files(paths))
        self.recorded.look_again()
        self._dependencies(experiments)
        return experiments

    def _loaded(self, files: Sequence[Path]) -> list[Experiment]:
        limits = self.settings.limits.model_dump(exclude_defaults=True)
        said = self.settings.defaults.policy | ({"limits": limits} if limits else {})
        cache = CompiledCache(kept_folder(self.root), root=self.root, defaults=said)
        experiments = load_experiments(
            files, root=self.root, settings=self.settings, cache=cache, specifications=self.devices
        )
        return [on_target(each, self.target_name, self.root, self.settings) for each in experiments]

    @cached_property
    def devices(self) -> LiveDevices:
        """What the target's device types can do; one for all, since it remembers what it was told."""
        compiled = kept_folder(self.root)
        project_id = self.target.project_id or self.environ.get("PASQAL_PROJECT_ID", "")
        kind = LocalDevices if self.target.is_local else LiveDevices
        return kind(
            place_of(compiled.parent if compiled else None, self.target, project_id),
            target=self.target_name,
            max_age_s=self.settings.device_max_age_s,
            fetch=self._specifications if self.asks_cloud else None,
        )

    def _specifications(self) -> Mapping[str, str]:
        return self.connection().client.get_device_specs_dict()

    def _dependencies(self, experiments: Sequence[Experiment]) -> list[Experiment]:
        """Experiments of other files that some wait for."""
        return dependencies(experiments, root=self.root, settings=self.settings, load=self._loaded)

    @cached_property
    def recorded(self) -> RecordedJobs:
        """What is on record, as far as it counts at the target."""
        folder = self.root / self.settings.results
        return RecordedJobs(folder=folder, records=self.records, site=self.site, declared=self._declared)

    def recalled(self, experiment: Experiment) -> Experiment:
        """An experiment, if a strategy asks for its jobs with those that are on record."""
        if experiment.desired.strategy is None:
            return experiment
        recorded = self.recorded.of(experiment)
        return replace(experiment, desired=with_recorded_slots(experiment.desired, recorded))

    def look(
        self, experiments: Sequence[Experiment], *, sees_removed: bool = False, is_once: bool = False
    ) -> list[Planned]:
        """What is there, and what would be done; changes nothing on the cloud.

        Args:
            sees_removed: Whether to look, after them, at experiments that no file describes any more, if
                these are all there are.

            is_once: Whether not to look again at what is not seen whole, for who comes back anyway.
        """
        with self._session(sees_removed=sees_removed) as reconciler:
            snapshots = self._bare_snapshots(experiments)
            return reconciler.look(snapshots) if is_once else reconciler.look_whole(snapshots)

    def removed(self, experiments: Sequence[Experiment]) -> tuple[ObservedBatch, ...]:
        """Batches of this repository that none of its experiments asks for, oldest first.

        Args:
            experiments: All that the repository declares.
        """
        with self._session() as reconciler:
            return reconciler.removed([each.desired for each in experiments])

    def apply(
        self,
        experiments: Sequence[Experiment],
        patience: Patience,
        watch: Watch,
        *,
        promise: Promise | None = None,
    ) -> Outcome:
        """Brings the cloud to what the files ask for, and records what comes back.

        Args:
            promise: Looks at what is there before anything is sent; refuses by raising, or sets limits.

        Raises:
            JournalError: Another runner works in this checkout.

            CloudError: The cloud refused something, or was out of reach for too long.
        """
        with self._session(watch, verb="apply", sees_removed=promise is None) as reconciler:
            snapshots = self.snapshots(experiments)
            if promise:
                snapshots = promise(snapshots, reconciler.look(snapshots))
            return reconciler.run(snapshots, patience)

    def cancel(self, experiments: Sequence[Experiment]) -> list[CancelBatch]:
        """Cancels what is pending of some experiments; answers what was cancelled.

        Raises:
            ProjectError: There is no namespace to tell their owner by.

            JournalError: Another runner works in this checkout.
        """
        if self.namespace is None:
            raise ProjectError(
                "without a namespace nothing is cancelled: the batches may be another repository's",
                hint=f"set `namespace` in {FILE_NAME}",
            )
        with self._session(verb="cancel") as reconciler:
            return reconciler.cancel(self._bare_snapshots(experiments))

    def _bare_snapshots(self, experiments: Sequence[Experiment]) -> list[Snapshot]:
        """What is wanted, and of which commit, and what that waits for."""
        waited_for = self._dependencies(experiments)
        unchanged = unchanged_files(self.root)
        commit = head_commit(self.root) or ""
        return [
            Snapshot(desired=each.desired, commit=commit if unchanged.issuperset(_files_of(each)) else "")
            for each in experiments
        ] + [Snapshot(desired=each.desired, is_applied=False) for each in waited_for]

    def snapshots(self, experiments: Sequence[Experiment]) -> list[Snapshot]:
        """The same, with what to remember of it once it is bought."""
        manifests = self.manifests(experiments)
        return [
            replace(each, manifest=manifests.get(each.desired.name, {}))
            for each in self._bare_snapshots(experiments)
        ]

    def manifests(self, experiments: Sequence[Experiment]) -> dict[str, dict[str, object]]:
        """What is remembered of experiments beside their jobs, by name."""
        now = revision(self.root)
        target = {"target": self.target_name, "service": self.site.target}
        is_local = self.target.is_local
        return {
            each.name: manifest(each, revision=now, root=self.root, target=target, is_local=is_local)
            for each in experiments
        }

    @contextmanager
    def _session(
        self, watch: Watch | None = None, *, verb: str = "", sees_removed: bool = False
    ) -> Iterator[Reconciler]:
        """A reconciler of the target.

        Args:
            verb: What changes something, and thus works here alone; empty for what only looks.

            sees_removed: Whether experiments are looked at that no file describes any more.
        """
        with self.context(verb) as (context, target_settings):
            known = (
                replace(target_settings, removed=Surplus(self.settings.removed))
                if sees_removed
                else target_settings
            )
            yield Reconciler(context, known, watch)

    @contextmanager
    def context(
        self, verb: str = "", connection: Connection | None = None
    ) -> Iterator[tuple[Context, TargetSettings]]:
        """What a reconciler of the target works with, and what holds there; see `_session`.

        Args:
            connection: One that is kept over several sessions; by default a new one.
        """
        namespace = self.namespace
        with ExitStack() as stack:
            journal = stack.enter_context(self.journal_locked(verb) if verb else closing(self.journal()))
            remark = self._store_remark(journal)  # before the store is made anew
            used = connection or self.connection()
            context = Context(
                client=used.client,
                journal=journal,
                records=self.records,
                namespace=namespace or "none",
                site=self.site,
                descends_from=cache(partial(descends_from, self.root)),
                declared=self._declared,
                workers=WORKERS,
                remark=remark,
                keep_report=self._keep_report,
                kept_memory=self._told,
                propose=self.proposals,
            )
            yield context, replace(used.settings, per_day=self.settings.budget_per_day.as_budget())

    def _store_remark(self, journal: Journal) -> str:
        """Whether the local cloud begins empty although this checkout has bought there."""
        if not self.target.is_local or (local_store(self.root) / "cloud.db").exists():
            return ""
        gone = journal.bought_batches()
        begins = "the local cloud begins with an empty store, for its own is not there"
        counts = "what is on record of them counts still"
        return f"{begins}: {counted(gone, 'batch')} of this checkout went with it; {counts}" if gone else ""

    @cached_property
    def proposals(self) -> Proposals:
        """What strategies ask for next; one for all, since it remembers what it has scored."""
        return Proposals(
            manifest=self.records.manifest, functions=self._functions, earlier=self.recorded.earlier
        )

    @cached_property
    def _functions(self) -> StrategyFunctions:
        compiled = kept_folder(self.root)
        kept = KeptAnswers(None if compiled is None else compiled.with_name(ANSWERS))
        return StrategyFunctions(root=self.root, settings=self.settings, kept=kept)

    @cached_property
    def _told(self) -> CloudMemory:
        """What this process was told of the target."""
        return CloudMemory(time.monotonic)

    def _keep_report(self, name: str, text: str) -> str:
        """Keeps a report for people in the runner's own folder; answers where it stands."""
        path = state_folder(self.root) / "reports" / f"{name}-{utc_now():%Y%m%d-%H%M%S}.txt"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(as_typed(path))

    def _declared(self) -> frozenset[str] | None:
        return declared_names(self.root, self.settings)

    def connection(self) -> Connection:
        """A new connection to the target."""
        store = local_store(self.root)
        return connect(self.target, store=store, namespace=self.namespace, environ=self.environ)

    def journal(self) -> Journal:
        """What this machine remembers of the target; to be closed."""
        return Journal(self._memory / "journal.sqlite", utc_now)

    @contextmanager
    def journal_locked(self, verb: str) -> Iterator[Journal]:
        """The journal, and no other runner in this checkout.

        Raises:
            JournalError: Another runner works here.
        """
        with closing(self.journal()) as journal, journal.locked(verb):
            yield journal

    @property
    def _memory(self) -> Path:
        """Where this machine remembers what it tried on the target."""
        folder = state_folder(self.root) / "targets" / journal_folder(self.target_name)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = obstacle(folder, is_folder=True) or str(error)
            raise ProjectError(f"{folder}: the journal's folder cannot be made: {why}") from error
        return folder


def _files_of(experiment: Experiment) -> list[Path]:
    """An experiment's file and those that it names."""
    path = Path(experiment.file.path).resolve()
    return [path, *((path.parent / name).resolve() for name in experiment.file.companions)]


def journal_folder(target: str) -> str:
    """Name of the folder in which this machine remembers what it tried on a target."""
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in target)
