"""Text of an experiment file → a validated experiment → the jobs it asks for.

What belongs here: reading YAML with places, the models and their JSON Schema, expressions, sweeps, and every
problem that can be seen without Pulser. Pure, but for `files`, which opens files.
What does not: Pulser, whose import takes a second, and anything that knows a cloud.
"""

from runner.spec.files import load
from runner.spec.jobs.jobs import JobRequest
from runner.spec.models.experiment import Experiment
from runner.spec.parser import ExperimentFile, parse
from runner.spec.yaml_text.limits import Limits

__all__ = ["Experiment", "ExperimentFile", "JobRequest", "Limits", "load", "parse"]
