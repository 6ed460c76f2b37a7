"""Bodies and questions as the SDK encodes them: `line_items[0][price_data][currency]=eur`. Pure."""

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from server.test_processor.errors import bad

FIELDS_MAX: Final = 500
DEPTH_MAX: Final = 8
_NAME: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART: Final = re.compile(r"\[([^\[\]]*)\]")


def decoded(text: str) -> dict[str, Any]:
    """The tree that `text` stands for: names become dicts, running numbers and `[]` lists, values stay text.

    Raises ApiError for what makes no sense.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX, strict_parsing=bool(text))
    except ValueError:
        raise bad("The body is not what a form looks like.") from None
    tree: dict[str, Any] = {}
    for name, value in pairs:
        _put(tree, _path(name), value)
    return {name: _listed(name, node) for name, node in tree.items()}


def _path(name: str) -> list[str]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise bad(f"Invalid name: {name[:80]}", param=name[:80])
    path = [match[1], *_PART.findall(match[2])]
    if len(path) > DEPTH_MAX:
        raise bad(f"Too deep: {name[:80]}", param=name[:80])
    return path


def _put(node: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        node = node.setdefault(part or str(len(node)), {})
        if not isinstance(node, dict):
            raise bad(f"Invalid: {path[0]} is both a value and a list of them", param=path[0])
    node[path[-1] or str(len(node))] = value


def _listed(name: str, node: Any) -> Any:
    """Numbered children as a list; names in metadata are the caller's own, whatever they look like."""
    if not isinstance(node, dict):
        return node
    children = {key: _listed(key, child) for key, child in node.items()}
    numbered = name != "metadata" and sorted(children) == sorted(str(n) for n in range(len(children)))
    return [children[str(n)] for n in range(len(children))] if numbered and children else children
