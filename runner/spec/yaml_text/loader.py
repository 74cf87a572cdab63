"""Text of a YAML file → plain data with places.

Built from the parser's events and not from PyYAML's constructors: nothing of the file is ever run, nothing is
expanded, and the depth of the file is not the depth of our stack.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from runner.errors import Problem, SpecError
from runner.spec.yaml_text.document import Document, Place, lines_of, with_excerpt
from runner.spec.yaml_text.events import NotYamlError, events_of
from runner.spec.yaml_text.json_pointers import child
from runner.spec.yaml_text.limits import LIMITS
from runner.spec.yaml_text.scalars import Scalar, ScalarError, plain_scalar
from runner.spec.yaml_text.slips import POINT, is_behind_comma

if TYPE_CHECKING:
    from runner.domain.json_values import Json, JsonObject
    from runner.spec.yaml_text.limits import Limits

_MAX_PROBLEMS = 100
_MAX_POINTER_CHARACTERS = 1000  # each value keeps its own: a very long key over many of them fills the memory


def document(text: str, *, path: str, limits: Limits = LIMITS) -> Document:
    """The file as data, with the problems that could be stepped over.

    Raises:
        SpecError: When there is no reading on: no YAML, too large, too deep, or YAML that we do not take.
    """
    if len(text) > limits.characters:
        message = f"the file has more than {limits.characters:,} characters"
        raise SpecError([Problem(path, 1, 1, "", message)])
    builder = _Builder(path=path, lines=lines_of(text), depth=limits.depth)
    try:
        for event in events_of(text):
            builder.take(event)
    except NotYamlError as error:
        builder.stop(error.place, error.message, error.hint)
    return builder.finished()


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read."""

    pointer: str
    content: JsonObject | list[Json]
    key: str | None = None  # of the value that comes next
    keyless: bool = False  # the key that was read can't be one: its value is read and dropped


@dataclass(slots=True)
class _Builder:
    """Puts events together, in one pass and without recursion."""

    path: str
    lines: tuple[str, ...]
    depth: int
    data: Json = None
    documents: int = 0
    open: list[_Open] = field(default_factory=list)
    values: dict[str, Place] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def finished(self) -> Document:
        """Everything that was read."""
        if self.documents == 0 or self.data is None:
            self.stop(Place(1, 1), "the file is empty", "it begins with apiVersion: runner/v1")
        return Document(
            path=self.path,
            lines=self.lines,
            data=self.data,
            values=self.values,
            keys=self.keys,
            problems=tuple(self.problems),
        )

    def stop(self, place: Place, message: str, hint: str = "") -> None:
        """Give up: what follows can't be read."""
        raise SpecError([*self.problems, self._problem(place, "", message, hint)])

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        # The most frequent first: there are ten for each line of a file.
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_references(event)
            self._take_scalar(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.open.pop()
        elif isinstance(event, yaml.CollectionStartEvent):
            self._refuse_references(event)
            self._begin(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._begin_document(event)
        elif isinstance(event, yaml.AliasEvent):
            self._refuse_references(event)

    def _refuse_references(self, event: yaml.NodeEvent) -> None:
        if event.anchor:
            self.stop(_place(event), "anchors and aliases are not supported", "write the value out")
        if tag := getattr(event, "tag", None):
            self.stop(_place(event), f"tags like {tag} are not supported", "remove the tag")

    def _begin_document(self, event: yaml.Event) -> None:
        self.documents += 1
        if self.documents > 1:
            self.stop(_place(event), "a second document begins here", "one file holds one experiment")

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        if self._expects_key():
            self.stop(_place(event), "a key must be text, not a list or a mapping")
        if len(self.open) >= self.depth:
            self.stop(_place(event), f"this is nested more than {self.depth} levels deep")
        content: JsonObject | list[Json] = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        pointer = self._place_value(event, content)
        self.open.append(_Open(pointer, content))

    def _take_scalar(self, event: yaml.ScalarEvent) -> None:
        value = self._scalar(event)
        if self._expects_key():
            self._take_key(event, value)
        elif value is None:
            self._miss_value(event)
        else:
            self._place_value(event, value)

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        if event.style:  # quoted, or a block of text
            return str(event.value)
        try:
            return plain_scalar(event.value)
        except ScalarError as error:
            self._note(_place(event), self._next_pointer(), str(error))
            # Zero stands in for the number, so that the rest of the file is judged as well.
            return 0

    def _expects_key(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1].content, dict) and not self._has_key()

    def _has_key(self) -> bool:
        return self.open[-1].key is not None or self.open[-1].keyless

    def _take_key(self, event: yaml.ScalarEvent, value: Scalar) -> None:
        top = self.open[-1]
        place = _place(event)
        if not isinstance(value, str):
            is_decimal = is_behind_comma(self.lines[place.line - 1], place.column)
            hint = POINT if is_decimal else "quote it"
            self._note(place, top.pointer, f"a key must be text, not {event.value or 'nothing'}", hint)
            top.keyless = True
            return
        if value == "<<" and not event.style:
            self.stop(place, "merge keys are not supported", "write the keys out")
        pointer = child(top.pointer, value)
        if len(pointer) > _MAX_POINTER_CHARACTERS:
            message = f"this key, with those around it, has more than {_MAX_POINTER_CHARACTERS:,} characters"
            self.stop(place, message)
        if pointer in self.keys:
            first = self.keys[pointer].line
            self._note(place, pointer, f"the key {value} stands twice: here and on line {first}")
            top.keyless = True
            return
        self.keys[pointer] = place
        top.key = value

    def _miss_value(self, event: yaml.Event) -> None:
        pointer = self._next_pointer()
        if self.open and (key := self.open[-1].key) is not None:
            self._note(self.keys[pointer], pointer, f"{key} has no value", "give it one, or remove the key")
            self.open[-1].key = None
            self.values[pointer] = _place(event)
        elif self.open and isinstance(self.open[-1].content, list):
            self._note(_place(event), pointer, "this item of the list is empty")
            self._place_value(event, None)
        elif self.open:
            self.open[-1].keyless = False

    def _next_pointer(self) -> str:
        if not self.open:
            return ""
        top = self.open[-1]
        if isinstance(top.content, list):
            return child(top.pointer, len(top.content))
        # What is dropped is read under an address of its own, where it meets nothing.
        return child(top.pointer, f"\0{len(self.problems)}" if top.key is None else top.key)

    def _place_value(self, event: yaml.Event, value: Json) -> str:
        """Put a value where it belongs; its pointer is given back."""
        pointer = self._next_pointer()
        self.values.setdefault(pointer, _place(event))
        if not self.open:
            self.data = value
            return pointer
        top = self.open[-1]
        if isinstance(top.content, list):
            top.content.append(value)
        elif top.key is not None:
            top.content[top.key] = value
            top.key = None
        top.keyless = False
        return pointer

    def _note(self, place: Place, pointer: str, message: str, hint: str = "") -> None:
        self.problems.append(self._problem(place, pointer, message, hint))
        if len(self.problems) >= _MAX_PROBLEMS:
            self.stop(place, f"there are more than {_MAX_PROBLEMS} problems; the rest was not read")

    def _problem(self, place: Place, pointer: str, message: str, hint: str) -> Problem:
        return with_excerpt(Problem(self.path, place.line, place.column, pointer, message, hint), self.lines)


def _place(event: yaml.Event) -> Place:
    mark: Any = event.start_mark  # always there, other than its type says
    return Place(mark.line + 1, mark.column + 1)
