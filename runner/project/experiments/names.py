"""Names of all experiments that the files of a repository describe, without reading more than need be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from runner.errors import ProjectError, SpecError, UsageError
from runner.project.experiments.loader import all_files

if TYPE_CHECKING:
    from pathlib import Path

    from runner.project.config.settings import Settings

# `metadata: {name: x` and the same in block style: what nearly every file has, and cheap to find.
_USUAL: Final = re.compile(
    rb"^metadata:[ \t]*"
    rb"(?:\{[ \t]*|(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]+)"
    rb"name:[ \t]+[\"']?([a-z0-9-]+)",
    re.MULTILINE,
)


def declared_names(root: Path, settings: Settings) -> frozenset[str] | None:
    """The names in all experiment files of a repository; None when a file keeps its name to itself.

    YAML files that are no experiments have none. None, too, where a folder of the experiments is not there.
    """
    names = set()
    try:
        for file in all_files(root, settings):
            text = file.read_bytes()
            usual = _USUAL.search(text)
            names.add(usual[1].decode() if usual else _name(text.decode("utf-8-sig")))
    except UsageError:
        return frozenset()  # there is no file
    except (OSError, ValueError, ProjectError):
        return None
    return frozenset(name for name in names if name)


def _name(text: str) -> str:
    """The name in a file that is not written as usual; ValueError when it cannot be read."""
    from runner.spec.yaml_text.loader import document  # noqa: PLC0415  (PyYAML, for few files)

    try:
        content = document(text, path="").data
    except SpecError as error:
        raise ValueError("a broken file may have any name") from error
    if not isinstance(content, dict) or content.get("kind") != "Experiment":
        return ""
    metadata = content.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str):
        raise ValueError("an experiment without a name may be any")  # noqa: TRY004
    return name
