"""Files of saved plans: told by their content, read with every doubt, written aside and renamed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from runner.atomic_file import write_atomically
from runner.errors import PlanError
from runner.reconcile.model.saved_plan import SavedPlan
from runner.reconcile.plan.saved_plan import FORMAT, as_json, content_digest

if TYPE_CHECKING:
    from pathlib import Path

ENDING: Final = ".plan"
AGAIN: Final = "make a new one with `runner plan -O FILE`"
_BEGINNING: Final = 200


def is_plan(path: Path) -> bool:
    """Whether a file is a saved plan, by its content; the name tells only of a broken one."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
    except OSError:
        return False
    return path.suffix == ENDING or (beginning.lstrip()[:1] == b"{" and b'"runner/plan/' in beginning)


def write_plan(path: Path, saved: SavedPlan) -> None:
    """Writes a plan aside and renames it; replaces another plan, and nothing else.

    Raises:
        PlanError: The file is there and is no plan, or cannot be written.
    """
    if path.exists() and not is_plan(path):
        raise PlanError(
            f"{path}: is there and is no saved plan; it was not replaced", hint="name another file"
        )
    text = json.dumps(as_json(saved), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        write_atomically(path, text)
    except OSError as error:
        raise PlanError(f"{path}: the plan cannot be written: {error.strerror}") from error


def read_plan(path: Path) -> SavedPlan:
    """A saved plan, as it was written.

    Raises:
        PlanError: It cannot be read, is of another format, or was changed after it was saved; says where.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"{path}: the plan cannot be read: {error}") from error
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise PlanError(f"{place}: this is no saved plan: {error.msg}", hint=AGAIN) from error
    version = content.get("plan") if isinstance(content, dict) else None
    if version != FORMAT:
        said = f"`plan` is {version!r}, this runner reads {FORMAT!r}"
        raise PlanError(f"{path}: /plan: this is no saved plan: {said}", hint=AGAIN)
    return _checked(path, content)


def _checked(path: Path, content: dict[str, Any]) -> SavedPlan:
    try:
        saved = SavedPlan.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise PlanError(f"{path}: {_explained(error)}", hint=AGAIN) from error
    for place, each in enumerate(content["experiments"]):
        if not _is_signed(each):
            said = f"/experiments/{place} ({each['name']}) was changed after it was saved"
            raise PlanError(f"{path}: {said}: it does not match its digest", hint=AGAIN)
    if not _is_signed(content):
        said = "what stands beside the experiments was changed after it was saved"
        raise PlanError(f"{path}: /digest: {said}", hint=AGAIN)
    return saved


def _is_signed(content: dict[str, Any]) -> bool:
    try:
        return content_digest(content) == str(content["digest"])
    except ValueError:
        return False  # a number that no plan of ours holds


def _explained(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    return "/" + "/".join(map(str, first["loc"])) + f": {first['msg']}"
