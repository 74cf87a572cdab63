"""The composition root and the library's face: settings, targets and experiments of one repository.

Every verb of the command line goes through here. What is decided is decided in the rooms below; here they
are only wired. Nothing connects at import.
"""

from runner.local.execution import EngineKind, Execution
from runner.project.beginning import begin
from runner.project.experiments import Experiment
from runner.project.naming import experiment_meant, names_meant
from runner.project.project import Project
from runner.project.resolving import adopt, candidates, declare_absent, declare_found, declare_unwanted
from runner.project.selection import Selection, selected
from runner.project.serving import Serving, local_store, serve_local
from runner.project.settings import Settings, Target
from runner.reconcile.adoption import Candidate

__all__ = [
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
    "begin",
    "candidates",
    "declare_absent",
    "declare_found",
    "declare_unwanted",
    "experiment_meant",
    "local_store",
    "names_meant",
    "selected",
    "serve_local",
]
