"""Plain data → YAML that this room's reader takes for the same data."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import yaml

from runner.spec.yaml_text.scalars import ScalarError, plain_scalar

if TYPE_CHECKING:
    from runner.domain.json_values import Json

_WIDTH = 110
# What is text without quotes, also inside of brackets.
_WORD = re.compile(r"[A-Za-z][\w.*/+ -]*", re.ASCII)


class _Dumper(yaml.SafeDumper):
    """Quotes what our reader would take for a number, and never uses anchors."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def yaml_text(content: Json) -> str:
    """Content of a file, as YAML; the innermost mappings and lists on one line each."""
    return str(
        yaml.dump(
            content,
            Dumper=_Dumper,
            sort_keys=False,
            default_flow_style=None,
            allow_unicode=True,
            width=_WIDTH,
        )
    )


def on_one_line(content: Json) -> str:
    """A part of a file, as YAML on one line, as people write it."""
    match content:
        case dict():
            return "{" + ", ".join(f"{key}: {on_one_line(value)}" for key, value in content.items()) + "}"
        case list():
            return "[" + ", ".join(map(on_one_line, content)) + "]"
        case str() if _WORD.fullmatch(content) and _is_text(content):
            return content
    return json.dumps(content, ensure_ascii=False)


def _text(dumper: yaml.SafeDumper, word: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", word, style=None if _is_text(word) else '"')


def _is_text(word: str) -> bool:
    try:
        return isinstance(plain_scalar(word), str)
    except ScalarError:
        return False


_Dumper.add_representer(str, _text)
