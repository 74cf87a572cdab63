"""Plain data → YAML that this room's reader takes for the same data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from runner.spec.yaml_text.scalars import ScalarError, plain_scalar

if TYPE_CHECKING:
    from runner.domain.json_values import Json

_WIDTH = 110


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


def _text(dumper: yaml.SafeDumper, word: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", word, style=None if _is_text(word) else '"')


def _is_text(word: str) -> bool:
    try:
        return isinstance(plain_scalar(word), str)
    except ScalarError:
        return False


_Dumper.add_representer(str, _text)
