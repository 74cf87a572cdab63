"""The schemas that are published: of files that people write, and of those that the runner writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import runner
from runner.errors import ProjectError, UsageError
from runner.project import late_imports
from runner.project.config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMES: Final = ("experiment", "runner", "record", "manifest", "plan", "status", "notification")
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema_names() -> tuple[str, ...]:
    """What the published schemas are called."""
    return _NAMES


def schema_text(name: str) -> str:
    """A published schema, as JSON text.

    Those that have models are made from them, also while the file they are printed into is empty.

    Raises:
        UsageError: There is none of this name.
        ProjectError: The file of this installation that holds it is no schema.
    """
    if name == "experiment":
        return _text(late_imports.experiment_schema())
    if name == "runner":
        return _text(settings_schema())
    for folder in _folders():
        place = folder / f"{name}.schema.json"
        if name in _NAMES and place.is_file():
            return _checked(place)
    raise UsageError(f"there is no schema {name}", hint=f"schemas are: {', '.join(_NAMES)}")


def _text(schema: object) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _checked(place: Path) -> str:
    """Text of a file that holds a schema."""
    text = place.read_text(encoding="utf-8")
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if isinstance(content, dict) and content.get("$schema") == _DIALECT:
        return text
    hint = (
        "bring it back from git, or install the runner again (a shell empties the file that it prints into)"
    )
    raise ProjectError(f"{place} is {'no schema' if text else 'empty'}", hint=hint)


def _folders() -> Iterable[Path]:
    """Where schemas are: in the package, or beside it in a clone."""
    package = Path(runner.__file__).parent
    return package / "schemas", package.parent / "schemas"


def settings_schema() -> dict[str, object]:
    """JSON Schema of runner.toml, draft 2020-12, made from its models and from that of the policy."""
    schema = Settings.model_json_schema(by_alias=True)
    policy = late_imports.Policy.model_json_schema(by_alias=True)
    definitions = {**schema["$defs"], **policy.pop("$defs"), "Policy": policy}
    said = definitions["Defaults"]["properties"]["policy"]
    definitions["Defaults"]["properties"]["policy"] = {
        "$ref": "#/$defs/Policy",
        "description": said["description"],
        "examples": said["examples"],
    }
    whole: dict[str, object] = late_imports.published({"$schema": _DIALECT, **schema, "$defs": definitions})
    return whole
