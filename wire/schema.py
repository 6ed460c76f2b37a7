"""JSON Schema of every message, and an AsyncAPI 3.0 document of the socket, made from `messages.py` alone."""

from typing import Any, get_args

import msgspec

from wire import codes, messages
from wire.codec import CODECS

_REF = "#/components/schemas/{name}"
Document = dict[str, Any]


def json_schema() -> Document:
    """JSON Schema 2020-12: `ClientMessage` and `ServerMessage` with everything they are made of in `$defs`."""
    (client, server), parts = _components("#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Openline socket, version 1",
        "$defs": {**parts, "ClientMessage": client, "ServerMessage": server},
        "anyOf": [{"$ref": "#/$defs/ClientMessage"}, {"$ref": "#/$defs/ServerMessage"}],
    }


def asyncapi() -> Document:
    """AsyncAPI 3.0: one channel, what a client sends and what it receives, and the codes."""
    _, parts = _components(_REF)
    sent, received = _names(messages.ClientMessage), _names(messages.ServerMessage)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Openline socket", "version": "1", "description": "Live lines, offers, sessions and chat."},
        "defaultContentType": "application/json",
        "channels": {"socket": _channel(sent + received)},
        "operations": {
            "ask": _operation("receive", "What a client asks.", sent),
            "tell": _operation("send", "What the server tells.", received),
        },
        "components": {"messages": {name: _message(name, parts[name]) for name in sent + received}, "schemas": parts},
        "x-close-codes": [
            {"name": c.name, "code": c.code, "words": c.words, "come_again": c.come_again}
            for c in codes.CLOSES.values()
        ],
        "x-refusal-codes": [
            {"name": r.name, "meaning": r.meaning, "way_out": r.way_out} for r in codes.REFUSALS.values()
        ],
    }


def _components(template: str) -> tuple[list[Document], dict[str, Document]]:
    schemas, parts = msgspec.json.schema_components(
        [messages.ClientMessage, messages.ServerMessage], ref_template=template
    )
    return list(schemas), parts


def _names(union: Any) -> list[str]:
    return [kind.__name__ for kind in get_args(union)]


def _channel(names: list[str]) -> Document:
    return {
        "address": "/v1/ws",
        "description": f"Sub-protocols: {', '.join(CODECS)}. The same messages as MessagePack or JSON, one a frame.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _operation(action: str, summary: str, names: list[str]) -> Document:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [{"$ref": f"#/channels/socket/messages/{name}"} for name in names],
    }


def _message(name: str, schema: Document) -> Document:
    return {"name": name, "summary": schema.get("description", ""), "payload": {"$ref": _REF.format(name=name)}}
