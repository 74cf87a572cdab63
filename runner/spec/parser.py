"""Text of an experiment file → the experiment and its jobs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from runner.domain import file_digest
from runner.errors import Problem, SpecError
from runner.spec.jobs.jobs import JobRequest, job_requests
from runner.spec.jobs.rule_values import Rules
from runner.spec.jobs.search_space import probes, search_space
from runner.spec.jobs.strategy_value import STRATEGY, check_kind, check_target, strategy_value
from runner.spec.jobs.trap_assignment import check_places
from runner.spec.models.base import Strict
from runner.spec.models.emulation import label_of
from runner.spec.models.experiment import Job
from runner.spec.models.python_sequence import make_nothing
from runner.spec.models.sequence import Sequence, Variables
from runner.spec.models.variables import Declared, declared
from runner.spec.sequence_source import SequenceSource, seen_from, source_of, sources_of_jobs
from runner.spec.validate.function_arguments import misfits
from runner.spec.validate.named_functions import named_function
from runner.spec.validate.objective_checks import checked_objective
from runner.spec.validate.reference_checks import RERUN, check_reruns
from runner.spec.validate.unit_checks import check_units, converted
from runner.spec.validate.validation import valid_part, validate
from runner.spec.values.referenced_files import Companions, no_companions
from runner.spec.yaml_text.document import Findings
from runner.spec.yaml_text.json_pointers import child, pointer_of
from runner.spec.yaml_text.limits import LIMITS
from runner.spec.yaml_text.loader import document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.domain.json_values import Json, JsonObject
    from runner.domain.strategies import Strategy
    from runner.spec.models.experiment import Experiment
    from runner.spec.models.policy import Policy
    from runner.spec.models.python_sequence import Made, Make
    from runner.spec.sequence_source import Said
    from runner.spec.yaml_text.document import Document
    from runner.spec.yaml_text.limits import Limits

_SHOWN: Final = 20
_SALVAGED: Final = 10_000  # jobs of a broken file
_BATCH: Final = pointer_of("spec", "policy", "batch")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentFile:
    """An experiment file that was read and found in order.

    Args:
        path: The file, as the user named it.

        experiment: What it says.

        jobs: The jobs it asks for, in file order.

        sequence_text: Content of the file behind `file:`, or what the function behind `python:` gave; None
            for a sequence that is written out, and without one.

        companions: Files that it names and that were read, from where it stands.

        digest: SHA-256 over the text and those of its companions, as 64 hexadecimal digits.

        made: What the function behind `python:` gave; None without one.

        own: The own sequence of each job that has one, by the pointer of its entry.

        device_text: Content of the file that the device of a written-out sequence is in; None without one.

        strategy: What asks for jobs in place of a list of them; None without one. Its digest is empty.
    """

    path: str
    experiment: Experiment
    jobs: tuple[JobRequest, ...]
    sequence_text: str | None
    companions: tuple[str, ...]
    digest: str
    document: Document = field(repr=False)
    made: Made | None = None
    own: Mapping[str, SequenceSource] = field(default_factory=dict)
    device_text: str | None = None
    strategy: Strategy | None = None

    def problem(self, pointer: str, message: str, hint: str = "") -> Problem:
        """A problem with a value of the file, at its place."""
        return self.document.problem(pointer, message, hint)

    def with_defaults(self, policy: Policy) -> ExperimentFile:
        """The same file, with a policy for all that its own says nothing of."""
        said = self.experiment.spec
        spec = said.model_copy(update={"policy": said.policy.over(policy)})
        return replace(self, experiment=self.experiment.model_copy(update={"spec": spec}))

    def expanded(self) -> JsonObject:
        """The whole file with its defaults, and its jobs one by one, as plain data for JSON."""
        content: dict[str, Any] = self.experiment.model_dump(mode="json", by_alias=True, exclude_none=True)
        content["spec"]["jobs"] = [
            {"name": job.name, "runs": job.runs, "variables": dict(job.variables), **self._own(job)}
            for job in self.jobs
        ]
        if self.strategy is not None:
            del content["spec"]["jobs"]
        return content

    def _own(self, job: JobRequest) -> JsonObject:
        own = self.own.get(job.pointer)
        if own is None or not isinstance(own.sequence, Strict):
            return {}
        return {"sequence": own.sequence.model_dump(mode="json", by_alias=True, exclude_none=True)}

    @property
    def frequencies(self) -> tuple[tuple[int, str], ...]:
        """What stands in MHz and what it comes to, with its line; the first ones."""
        return tuple(islice(converted(self.document), _SHOWN))

    @property
    def built(self) -> tuple[JobRequest, ...]:
        """The jobs that are built to see whether all is in order; of a strategy those that stand for all."""
        return self.jobs if self.strategy is None else probes(self.strategy)

    @property
    def parts(self) -> tuple[ExperimentFile, ...]:
        """The file once for each sequence, with the jobs that play it; the experiment's comes first."""
        jobs: dict[str, list[JobRequest]] = {}
        for job in self.built:
            jobs.setdefault(job.pointer if job.pointer in self.own else "", []).append(job)
        shared = (
            () if self.experiment.spec.sequence is None else (replace(self, jobs=tuple(jobs.get("", ()))),)
        )
        return (*shared, *(self._part(entry, tuple(jobs.get(entry, ()))) for entry in self.own))

    def _part(self, entry: str, jobs: tuple[JobRequest, ...]) -> ExperimentFile:
        """The file as the jobs of an entry see it: their sequence stands in the experiment's place."""
        own = self.own[entry]
        spec = self.experiment.spec.model_copy(update={"sequence": own.sequence})
        return replace(
            self,
            experiment=self.experiment.model_copy(update={"spec": spec}),
            jobs=jobs,
            sequence_text=own.text,
            made=own.made,
            device_text=own.device_text,
            document=seen_from(self.document, entry),
            own={},
        )


def parse(
    text: str,
    *,
    path: str,
    companion: Callable[[str], str] = no_companions,
    limits: Limits = LIMITS,
    make: Make = make_nothing,
) -> ExperimentFile:
    """The experiment that a text describes.

    Args:
        path: The file, as the user named it; problems mention it.

        companion: Gives the content of a file that this one names; fails with `CompanionError`.

        limits: How large it may be, and how much it may ask for.

        make: Runs the function in Python that gives the sequence, where the file names one.

    Raises:
        SpecError: With every problem that was found.
    """
    source = document(text, path=path, limits=limits)
    companions = Companions(companion)
    experiment, problems = validate(source)
    sequence, jobs = _parts(source.data, experiment)
    findings = Findings(source)
    shared = source_of(findings, sequence, companions, make)
    own, of_own = sources_of_jobs(source, jobs, companions, make)
    if shared.atoms is not None:
        check_places(findings, [job if job and job.sequence is None else None for job in jobs], shared.atoms)
    requests, of_jobs = job_requests(source, jobs, shared.variables, Rules(companions, limits))
    strategy = _strategy(findings, experiment, shared, companions)
    check_units(findings, source, sequence)
    if experiment is not None and requests:
        check_reruns(findings, experiment.spec.rerun, [job.name for job in requests])
    found = dict.fromkeys((*source.problems, *problems, *findings.problems, *of_own, *of_jobs))
    if found or experiment is None:
        raise SpecError(list(found))
    return ExperimentFile(
        path=path,
        experiment=experiment,
        jobs=requests,
        sequence_text=shared.text,
        companions=tuple(companions.texts),
        digest=file_digest(text, companions.texts.values()),
        document=source,
        made=shared.made,
        own=own,
        device_text=shared.device_text,
        strategy=strategy,
    )


def _strategy(
    findings: Findings, experiment: Experiment | None, shared: SequenceSource, companions: Companions
) -> Strategy | None:
    """The strategy of a file; None without one, or where too much is wrong."""
    said = experiment.spec.strategy if experiment else None
    if experiment is None or said is None or shared.variables is None:
        return None
    if shared.atoms:
        hint = "say the register with its places"
        findings.note(STRATEGY, "a strategy does not place the atoms of a mappable register", hint)
    if not isinstance(experiment.spec.rerun, int):
        findings.note(RERUN, "a strategy has no jobs by name", "say rerun: 1 to ask for everything again")
    if "batch" in experiment.spec.policy.model_fields_set:
        hint = "it says so itself: batch: {held: {think_limit_s: 60}}"
        findings.note(_BATCH, "the policy does not say in which batches a strategy buys", hint)
    emulation = experiment.spec.emulation
    known = [label_of(each) for each in emulation.observables] if emulation else ()
    objective = checked_objective(findings, said.objective, child(STRATEGY, "objective"), companions, known)
    space = search_space(findings, said, shared.variables)
    place = child(STRATEGY, "python")
    own = named_function(findings, said.python, companions, place) if said.python else None
    if own:
        for misfit in misfits(own, companions.text(own.path), said.settings):
            at = child(child(STRATEGY, "settings"), misfit.setting) if misfit.setting else place
            findings.note(at, misfit.message, misfit.hint)
    strategy = strategy_value(said, space, objective, own, experiment.spec.rerun_of(""))
    check_kind(findings, strategy)
    check_target(findings, said)
    return strategy


def _parts(data: Json, experiment: Experiment | None) -> tuple[Said, list[Job | None]]:
    """Sequence and jobs; of a broken file, those that are whole."""
    if experiment is not None:
        return experiment.spec.sequence, list(experiment.spec.jobs)
    spec = data.get("spec") if isinstance(data, dict) else None
    if not isinstance(spec, dict):
        return None, []
    sequence, jobs = spec.get("sequence"), spec.get("jobs")
    whole = valid_part(Sequence, sequence)
    return (
        _variables_only(sequence) if whole is None else whole,
        # Each costs as much as judging it did, and of very many problems the first ones are told.
        [_salvaged_job(entry) for entry in jobs[:_SALVAGED]] if isinstance(jobs, list) else [],
    )


def _salvaged_job(entry: Json) -> Job | None:
    """A job whose number of runs may be wrong: its variables can be judged all the same."""
    job: Job | None = valid_part(Job, {**entry, "runs": 1}) if isinstance(entry, dict) else None
    return job


def _variables_only(sequence: Json) -> dict[str, Declared] | None:
    """The variables of a sequence of which something else is broken."""
    if not isinstance(sequence, dict) or sequence.keys() & {"file", "python", "args"}:
        return None
    variables = valid_part(Variables, sequence.get("variables", {}))
    return None if variables is None else declared(variables)
