"""What every model of the experiment file is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Self, TypeVar

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
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from runner.domain.expressions.constants import constant, is_numeral
from runner.domain.expressions.parser import parsed
from runner.domain.expressions.tree import Expression
from runner.domain.expressions.words import FORMULA, ExpressionError
from runner.domain.suggestions import readable
from runner.spec.yaml_text.slips import number_hint

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.config import JsonDict
    from pydantic.json_schema import JsonSchemaValue


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


_SHOWN_CHARACTERS: Final = 40
CONSTANT_TEXT: JsonSchemaValue = {
    "type": "string",
    "minLength": 1,
    "maxLength": FORMULA.most_characters,
    "description": "An expression of numbers, as 2 * pi.",
}


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


def _refusal(text: str, expected: str, reason: str, hint: str) -> PydanticCustomError:
    message = f'expected {expected}, not "{readable(text, _SHOWN_CHARACTERS)}"'
    context = {"message": f"{message}: {reason}" if reason else message, "hint": hint}
    return PydanticCustomError("expression", "{message}", context)


def number_of(value: object, expected: str = "a number") -> object:
    """The number that a text comes to, if it is an expression without variables; else what was given."""
    if type(value) is not str:
        return value
    if is_numeral(value) or number_hint(value):  # in quotes, or as 0,5: more likely a slip
        raise _refusal(value, expected, "", number_hint(value) or "it is text because of its quotes")
    try:
        return constant(value)
    except ExpressionError as error:
        is_word = value.isidentifier()
        hint = error.hint if not is_word or error.hint.startswith("did") else ""
        raise _refusal(value, expected, "" if is_word else error.message, hint) from error


def whole_number_of(value: object) -> object:
    """The same for a whole number."""
    number = number_of(value, "a whole number")
    if type(value) is not str or not isinstance(number, float):
        return number
    if not number.is_integer():
        raise _refusal(value, "a whole number", f"it comes to {number:g}", "")
    return int(number)


@dataclass(frozen=True, slots=True)
class OrExpression:
    """In place of a number, an expression without variables may stand, too.

    Args:
        value: The number of a text; it hands on what is none.
    """

    value: Callable[[object], object] = number_of

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.value, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"oneOf": [handler(schema), {**CONSTANT_TEXT}]}


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
Finite = Annotated[float, Field(allow_inf_nan=False)]
Real = Annotated[Finite, OrExpression()]
Whole = Annotated[int, OrExpression(whole_number_of)]
ConstantText = Annotated[Number, OrExpression(), WithJsonSchema(CONSTANT_TEXT)]

_Item = TypeVar("_Item")
# A list of a file; it cannot be changed.
Some = Annotated[tuple[_Item, ...], Field(strict=False, min_length=1)]

Quantity = Annotated[
    Annotated[Finite, Tag("<number>")] | Annotated[ExpressionText, Tag("<text>")],
    by_kind("a number, or an expression over the variables"),
]

Duration = Annotated[
    Annotated[int, Field(ge=1), Tag("<number>")] | Annotated[ExpressionText, Tag("<text>")],
    by_kind("a whole number of ns, or an expression over the variables"),
]
