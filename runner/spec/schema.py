"""The published JSON Schema of the experiment file, made from the models."""

from __future__ import annotations

import functools
from typing import Any

from runner.spec.experiment import Experiment

_NULL = {"type": "null"}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@functools.cache
def _schema() -> dict[str, Any]:
    generated = Experiment.model_json_schema(by_alias=True)
    return {"$schema": _DIALECT, **without_nulls(generated)}


def experiment_schema() -> dict[str, Any]:
    """JSON Schema of an experiment file, draft 2020-12. Do not change what you get; it is shared."""
    return _schema()


def without_nulls(node: Any) -> Any:
    """Drop null, as a default and as an alternative: a key is left out, or it has a value."""
    if isinstance(node, list):
        return [without_nulls(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: without_nulls(value) for key, value in node.items() if (key, value) != ("default", None)}
    if _NULL not in kept.get("anyOf", ()):
        return kept
    (alternative,) = (each for each in kept.pop("anyOf") if each != _NULL)
    return {**alternative, **kept}
