"""What every model of the experiment file is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from runner.domain.expressions.parser import parsed
from runner.domain.expressions.tree import Expression
from runner.domain.expressions.words import FORMULA, ExpressionError

if TYPE_CHECKING:
    from pydantic.config import JsonDict


def key(description: str, *examples: object, **rules: Any) -> Any:
    """A key of the file as pydantic has it: what it is for, with its unit, and what could stand there.

    Args:
        rules: A default if the key may be left out, and bounds, as `Field` takes them.
    """
    return Field(description=description, examples=list(examples), **rules)


def optional(description: str, *examples: object, **rules: Any) -> Any:
    """The same for a key that is None where it is left out."""
    return key(description, *examples, default=None, **rules)


def exactly_one(*names: str) -> JsonDict:
    """What a schema says of a mapping that has one of some keys."""
    return {"oneOf": [{"required": [name]} for name in names]}


class Strict(BaseModel):
    """A part of an experiment file: frozen, no unknown keys, nothing converted."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        regex_engine="python-re",
        serialize_by_alias=True,
    )


class Choice(Strict):
    """A mapping with exactly one key, which says what its value is."""

    # Beside its keys, the bound would keep editors from offering them: see editor_schema.
    model_config = ConfigDict(json_schema_extra={"allOf": [{"minProperties": 1, "maxProperties": 1}]})

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if len(self.model_fields_set) != 1:
            fields = type(self).model_fields.items()
            names = ", ".join(info.alias or name for name, info in fields)
            given = " and ".join(info.alias or name for name, info in fields if name in self.model_fields_set)
            context = {"names": names, "given": given or "nothing"}
            raise PydanticCustomError("choice", "expected exactly one of {names}, not {given}", context)
        return self

    @property
    def chosen(self) -> str:
        """The key, as it stands in the file."""
        (name,) = self.model_fields_set
        return type(self).model_fields[name].alias or name

    @property
    def value(self) -> Any:
        """What stands behind the key."""
        (name,) = self.model_fields_set
        return getattr(self, name)


def kind_of(value: object) -> str | None:
    """Which branch of an alternative a value takes; the marks can't be mistaken for keys of a file."""
    match value:
        case bool():
            return None
        case int() | float():
            return "<number>"
        case str() | Expression():
            return "<text>"
        case list() | tuple():
            return "<list>"
        case Mapping() | BaseModel():
            return "<mapping>"
    return None


def by_kind(expected: str) -> Discriminator:
    """Choose the branch by the kind of the value, and say what was expected where none fits."""
    return Discriminator(kind_of, custom_error_type="kind", custom_error_message=f"expected {expected}")


def _expression(text: object) -> Expression:
    try:
        return parsed(str(text))
    except ExpressionError as error:
        context = {"message": error.message, "hint": error.hint}
        raise PydanticCustomError("expression", "{message}", context) from error


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("number", "expected a number")
    return value


ExpressionText = Annotated[
    Expression,
    PlainValidator(_expression),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "minLength": 1,
            "maxLength": FORMULA.most_characters,
            "description": "An expression over the variables.",
            "examples": ["omega_max", "2 * omega_max + 0.1", "sin(phi)", "deltas[1]"],
        }
    ),
]

# An int stays an int and a float a float; nothing else is a number.
Number = Annotated[int | float, BeforeValidator(_number), WithJsonSchema({"type": "number"})]
Real = Annotated[float, Field(allow_inf_nan=False)]

_Item = TypeVar("_Item")
# A list of a file; it cannot be changed.
Some = Annotated[tuple[_Item, ...], Field(strict=False, min_length=1)]

Quantity = Annotated[
    Annotated[Real, Tag("<number>")] | Annotated[ExpressionText, Tag("<text>")],
    by_kind("a number, or an expression over the variables"),
]

Duration = Annotated[
    Annotated[int, Field(ge=1), Tag("<number>")] | Annotated[ExpressionText, Tag("<text>")],
    by_kind("a whole number of ns, or an expression over the variables"),
]
