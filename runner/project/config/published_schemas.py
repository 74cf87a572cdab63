"""The schemas that are published: of files that people write, and of those that the runner writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import runner
from runner.errors import UsageError
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

    Raises:
        UsageError: There is none of this name.
    """
    for folder in _folders():
        place = folder / f"{name}.schema.json"
        if name in _NAMES and place.is_file():
            return place.read_text(encoding="utf-8")
    raise UsageError(f"there is no schema {name}", hint=f"schemas are: {', '.join(_NAMES)}")


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
