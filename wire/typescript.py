"""TypeScript types of every message, made from `messages.py` and `codes.py` alone.

`openline schema --typescript` writes them; a test fails when the committed file is stale.
"""

import inspect
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import msgspec
from msgspec import inspect as shape

from wire import codes, messages

_HEAD = "// Made from wire/messages.py and wire/codes.py by `openline schema`. Do not edit.\n"


def typescript() -> str:
    """The whole module as text."""
    literals = _literal_aliases()
    parts = [_interface(part, literals) for part in _parts()]
    sides = [_side("ClientMessage", literals), _side("ServerMessage", literals)]
    aliases = [f"export type {name} = {_union(values)};" for name, values in literals.items()]
    return "\n".join([_HEAD, *aliases, "", *parts, *sides, _codes()]) + "\n"


def write_typescript(path: Path) -> None:
    """Write the module to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(typescript(), encoding="utf-8")


def _literal_aliases() -> dict[str, tuple[str, ...]]:
    """The named literals of messages.py, in its order: `Mode`, `Indicator`, ..."""
    named = vars(messages).items()
    return {name: get_args(value) for name, value in named if get_origin(value) is Literal}


def _union(values: tuple[str, ...]) -> str:
    return " | ".join(f'"{value}"' for value in values)


def _parts() -> list[type[msgspec.Struct]]:
    known = vars(messages).values()
    return [
        kind
        for kind in known
        if inspect.isclass(kind) and issubclass(kind, messages.Part) and kind is not messages.Part
    ]


def _side(union: str, literals: dict[str, tuple[str, ...]]) -> str:
    kinds = get_args(getattr(messages, union))
    body = [_interface(kind, literals, asks=union == "ClientMessage") for kind in kinds]
    return "\n".join([*body, f"export type {union} =\n  | " + "\n  | ".join(kind.__name__ for kind in kinds) + ";\n"])


def _interface(kind: type[msgspec.Struct], literals: dict[str, tuple[str, ...]], *, asks: bool = False) -> str:
    """One interface. What a client sends may leave out fields that have a default; what a server sends is complete."""
    described = shape.type_info(kind)
    assert isinstance(described, shape.StructType)
    lines = [f'  {described.tag_field}: "{described.tag}";'] if described.tag_field else []
    for field in described.fields:
        mark = "?" if asks and not field.required else ""
        lines.append(f"  {field.encode_name}{mark}: {_type(field.type, literals)};")
    return f"{_doc(kind)}export interface {kind.__name__} {{\n" + "\n".join(lines) + "\n}\n"


def _doc(kind: type) -> str:
    text = inspect.cleandoc(kind.__doc__ or "")
    if not text:
        return ""
    lines = text.splitlines()
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "/**\n" + "\n".join(f" * {line}".rstrip() for line in lines) + "\n */\n"


_PLAIN: Final[dict[Any, str]] = {
    shape.StrType: "string",
    shape.IntType: "number",
    shape.FloatType: "number",
    shape.BoolType: "boolean",
    shape.NoneType: "null",
}


def _type(kind: Any, literals: dict[str, tuple[str, ...]]) -> str:
    match kind:
        case shape.Metadata():
            return _type(kind.type, literals)
        case shape.LiteralType():
            return _literal(kind, literals)
        case shape.ListType():
            return _list(_type(kind.item_type, literals))
        case shape.TupleType() | shape.UnionType():
            return _several(kind, literals)
        case shape.StructType():
            return kind.cls.__name__
    return _PLAIN[type(kind)]


def _several(kind: Any, literals: dict[str, tuple[str, ...]]) -> str:
    if isinstance(kind, shape.UnionType):
        return " | ".join(_type(item, literals) for item in kind.types)
    return "[" + ", ".join(_type(item, literals) for item in kind.item_types) + "]"


def _list(item: str) -> str:
    return f"({item})[]" if " | " in item else f"{item}[]"


def _literal(kind: shape.LiteralType, literals: dict[str, tuple[str, ...]]) -> str:
    for name, values in literals.items():
        if set(values) == set(kind.values):
            return name
    return _union(tuple(str(value) for value in kind.values))


def _codes() -> str:
    refusals = "\n".join(f'  | "{name}"' for name in codes.REFUSALS)
    closes = "\n".join(
        f'  {close.name}: {{ code: {close.code}, comeAgain: "{close.come_again}" }},' for close in codes.CLOSES.values()
    )
    return (
        "/** Whether to come again after a close: 4000-4099 at once, 4100-4199 later, 4400-4499 never by itself. */\n"
        'export type ComeAgain = "at_once" | "later" | "never";\n'
        f"/** Why a request was refused. */\nexport type RefusalCode =\n{refusals};\n"
        f"/** Why a socket was closed. */\nexport const CLOSES = {{\n{closes}\n}} as const;"
    )
