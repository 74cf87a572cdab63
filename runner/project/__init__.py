"""The composition root and the library's face: settings, targets and experiments of one repository.

Every verb of the command line goes through here. What is decided is decided in the rooms below; here they
are only wired. Nothing connects at import.
"""

from runner.local.execution import EngineKind, Execution
from runner.project.asking import AskedJob, asked_jobs
from runner.project.beginning import begin
from runner.project.experiments import Experiment
from runner.project.naming import experiment_meant, names_meant
from runner.project.project import Project
from runner.project.resolving import (
    adopt,
    candidates,
    declare_absent,
    declare_constants,
    declare_found,
    declare_measured,
    declare_unwanted,
)
from runner.project.schemas import schema_names, schema_text
from runner.project.selection import Selection, selected
from runner.project.serving import Serving, local_store, serve_local
from runner.project.settings import Settings, Target
from runner.reconcile.adoption import Candidate

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
