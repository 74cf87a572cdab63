"""Folders that `runner.toml` names: how they are written, and what is permitted in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def _in_repository(name: str) -> str:
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name:
        raise ValueError(f"{name!r} is no folder in the repository: write it from the root, as specs/qpu")
    return str(path)


InRepository = Annotated[str, AfterValidator(_in_repository)]


class FolderRules(BaseModel):
    """What experiments in a folder and below may use; a key that is left out is that of a folder above it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    targets: tuple[str, ...] | None = Field(
        None,
        strict=False,
        description="Targets that they may be bought on; on others they are held.",
        examples=[["local", "pasqal"]],
    )
    device_types: tuple[str, ...] | None = Field(
        None,
        strict=False,
        description="Device types that their files may name; another is a problem of the file.",
        examples=[["FRESNEL", "EMU_FREE"]],
    )


@dataclass(frozen=True, slots=True)
class Permitted:
    """What is permitted of one kind, and by the rules of which folder."""

    folder: str
    names: tuple[str, ...]

    def objection(self, name: str) -> str:
        """Why something may not be used; empty if it may."""
        if name in self.names:
            return ""
        folder = "this repository" if self.folder == "." else self.folder
        return f"{folder} may use {' or '.join(self.names) or 'none'}, not {name}"


def permitted(
    kind: Literal["targets", "device_types"], file: Path, root: Path, rules: Mapping[str, FolderRules]
) -> Permitted | None:
    """What is permitted of a kind in a file's place; None where no rule says.

    The deepest folder that says something of the kind counts. Links are followed, of the file and of folders;
    what is outside of the repository has the rules of its root.
    """
    if not rules:
        return None
    whole, place = root.resolve(), file.resolve()
    inside = place if place.is_relative_to(whole) else whole
    said = {
        name: getattr(rule, kind)
        for name, rule in rules.items()
        if getattr(rule, kind) is not None and inside.is_relative_to((whole / name).resolve())
    }
    if not said:
        return None
    deepest = max(said, key=lambda name: len((whole / name).resolve().parts))
    return Permitted(deepest, said[deepest])
