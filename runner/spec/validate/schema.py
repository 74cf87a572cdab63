"""The published JSON Schema of the experiment file, made from the models."""

from __future__ import annotations

import functools
from typing import Any

from runner.spec.models.experiment import Experiment
from runner.spec.validate.editor_schema import published

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@functools.cache
def _schema() -> dict[str, Any]:
    generated = Experiment.model_json_schema(by_alias=True)
    return {"$schema": _DIALECT, **published(generated)}


def experiment_schema() -> dict[str, Any]:
    """JSON Schema of an experiment file, draft 2020-12. Do not change what you get; it is shared."""
    return _schema()
