"""The composition root and the library's face: settings, targets and experiments of one repository.

Every verb of the command line goes through here. What is decided is decided in the rooms below; here they
are only wired. Nothing connects at import.
"""

from runner.local.engines.factory import EngineKind, Execution
from runner.project.config.published_schemas import schema_names, schema_text
from runner.project.config.settings import Settings
from runner.project.config.tables import Target
from runner.project.experiments.loaded import Experiment
from runner.project.local_cloud import Serving, local_store, serve_local
from runner.project.plan.resolve import (
    adopt,
    candidates,
    declare_absent,
    declare_constants,
    declare_found,
    declare_measured,
    declare_unwanted,
)
from runner.project.project import Project
from runner.project.scaffold.first_experiment import begin
from runner.project.views.requested_jobs import AskedJob, asked_jobs, asking_strategies
from runner.project.views.selection import Selection, experiment_meant, names_meant, selected
from runner.reconcile.observe.adoption import Candidate

__all__ = [
    "AskedJob",
    "Candidate",
    "EngineKind",
    "Execution",
    "Experiment",
    "Project",
    "Selection",
    "Serving",
    "Settings",
    "Target",
    "adopt",
    "asked_jobs",
    "asking_strategies",
    "begin",
    "candidates",
    "declare_absent",
    "declare_constants",
    "declare_found",
    "declare_measured",
    "declare_unwanted",
    "experiment_meant",
    "local_store",
    "names_meant",
    "schema_names",
    "schema_text",
    "selected",
    "serve_local",
]
