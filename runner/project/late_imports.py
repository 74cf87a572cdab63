"""What is imported where it is first used: the reader of files, NumPy, Pulser, Matplotlib, servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.lazy import lazy_names

if TYPE_CHECKING:
    from numpy import show_config as show_config
    from threadpoolctl import threadpool_info as threadpool_info

    from runner.cloud.wire.webhook_post import post as post
    from runner.local.protocol.configuration import Configuration as Configuration
    from runner.local.protocol.configuration import read_configuration as read_configuration
    from runner.local.server.server import ServerSettings as ServerSettings
    from runner.local.server.server import serve as serve
    from runner.project.drawings.sequence_figure import pulses_figure as pulses_figure
    from runner.project.drawings.sequence_figure import register_figure as register_figure
    from runner.project.drawings.sequence_figure import whole_figure as whole_figure
    from runner.results.analysis.objectives.readings import AskedRuns as AskedRuns
    from runner.results.analysis.objectives.readings import asked_first as asked_first
    from runner.results.analysis.objectives.readings import asked_then as asked_then
    from runner.results.analysis.objectives.scores import named_values as named_values
    from runner.results.analysis.objectives.scores import score as score
    from runner.results.analysis.objectives.slot_scores import confirmed_score as confirmed_score
    from runner.results.analysis.objectives.slot_scores import scored as scored
    from runner.results.plots.matplotlib_figure import content as content
    from runner.results.plots.matplotlib_figure import figure as figure
    from runner.sequences.check.job_check import build_results as build_results
    from runner.sequences.import_abstract import imported as imported
    from runner.sequences.pulser_api.abstract_repr import built as built
    from runner.sequences.python_functions.function_calls import FunctionCalls as FunctionCalls
    from runner.sequences.python_functions.function_calls import FunctionFaultError as FunctionFaultError
    from runner.sequences.python_functions.function_calls import ScoredCounts as ScoredCounts
    from runner.sequences.python_functions.function_runner import Factories as Factories
    from runner.sequences.samples import played as played
    from runner.spec.files import content_of as content_of
    from runner.spec.files import document_at as document_at
    from runner.spec.files import load as load
    from runner.spec.format.formatter import formatted as formatted
    from runner.spec.models.policy import Policy as Policy
    from runner.spec.models.python_sequence import ALLOW as ALLOW
    from runner.spec.validate.editor_schema import published as published
    from runner.spec.validate.schema import experiment_schema as experiment_schema
    from runner.spec.yaml_text.dump import yaml_text as yaml_text
    from runner.spec.yaml_text.limits import Limits as Limits
    from runner.spec.yaml_text.loader import document as document
    from runner.strategies.engines.python_function import PythonEngine as PythonEngine
    from runner.strategies.reproposal import reproposed as reproposed
    from runner.strategies.rounds import Ask as Ask
    from runner.strategies.rounds import Done as Done
    from runner.strategies.rounds import Halted as Halted
    from runner.strategies.rounds import bound as bound
    from runner.strategies.rounds import continued as continued
    from runner.strategies.rounds import next_round as next_round
    from runner.strategies.standing import left_of as left_of
    from runner.strategies.standing import standing as standing
    from runner.strategies.winners import best as best
else:
    _PLACES: Final = {
        "show_config": "numpy",
        "threadpool_info": "threadpoolctl",
        "post": "runner.cloud.wire.webhook_post",
        "Configuration": "runner.local.protocol.configuration",
        "read_configuration": "runner.local.protocol.configuration",
        "ServerSettings": "runner.local.server.server",
        "serve": "runner.local.server.server",
        "pulses_figure": "runner.project.drawings.sequence_figure",
        "register_figure": "runner.project.drawings.sequence_figure",
        "whole_figure": "runner.project.drawings.sequence_figure",
        "AskedRuns": "runner.results.analysis.objectives.readings",
        "asked_first": "runner.results.analysis.objectives.readings",
        "asked_then": "runner.results.analysis.objectives.readings",
        "named_values": "runner.results.analysis.objectives.scores",
        "score": "runner.results.analysis.objectives.scores",
        "confirmed_score": "runner.results.analysis.objectives.slot_scores",
        "scored": "runner.results.analysis.objectives.slot_scores",
        "content": "runner.results.plots.matplotlib_figure",
        "figure": "runner.results.plots.matplotlib_figure",
        "build_results": "runner.sequences.check.job_check",
        "imported": "runner.sequences.import_abstract",
        "built": "runner.sequences.pulser_api.abstract_repr",
        "Factories": "runner.sequences.python_functions.function_runner",
        "FunctionCalls": "runner.sequences.python_functions.function_calls",
        "FunctionFaultError": "runner.sequences.python_functions.function_calls",
        "ScoredCounts": "runner.sequences.python_functions.function_calls",
        "played": "runner.sequences.samples",
        "content_of": "runner.spec.files",
        "document_at": "runner.spec.files",
        "load": "runner.spec.files",
        "formatted": "runner.spec.format.formatter",
        "ALLOW": "runner.spec.models.python_sequence",
        "Policy": "runner.spec.models.policy",
        "published": "runner.spec.validate.editor_schema",
        "experiment_schema": "runner.spec.validate.schema",
        "yaml_text": "runner.spec.yaml_text.dump",
        "Limits": "runner.spec.yaml_text.limits",
        "document": "runner.spec.yaml_text.loader",
        "PythonEngine": "runner.strategies.engines.python_function",
        "reproposed": "runner.strategies.reproposal",
        "Ask": "runner.strategies.rounds",
        "Done": "runner.strategies.rounds",
        "Halted": "runner.strategies.rounds",
        "bound": "runner.strategies.rounds",
        "continued": "runner.strategies.rounds",
        "next_round": "runner.strategies.rounds",
        "left_of": "runner.strategies.standing",
        "standing": "runner.strategies.standing",
        "best": "runner.strategies.winners",
    }

    __getattr__ = lazy_names(__name__, _PLACES)
