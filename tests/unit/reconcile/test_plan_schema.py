"""The published schema of saved plans is what the models say."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from runner.reconcile.plan.saved_plan import plan_schema

PUBLISHED = Path(__file__).parents[3] / "schemas" / "plan.schema.json"


def test_the_published_schema_of_plans_is_the_generated_one():
    """And it is a schema."""
    jsonschema.Draft202012Validator.check_schema(plan_schema())

    assert plan_schema() == json.loads(PUBLISHED.read_text(encoding="utf-8"))
