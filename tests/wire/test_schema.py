"""What is generated from the messages is complete and fresh."""

import json
from pathlib import Path
from typing import get_args

from wire import messages
from wire.schema import asyncapi, json_schema
from wire.typescript import typescript

GENERATED = Path(__file__).parents[2] / "client_applet" / "src" / "generated" / "wire.ts"
KINDS = [*get_args(messages.ClientMessage), *get_args(messages.ServerMessage)]


def test_the_committed_types_are_fresh() -> None:
    assert GENERATED.read_text(encoding="utf-8") == typescript(), "stale: run `openline schema --typescript`"


def test_every_message_is_in_the_types() -> None:
    text = typescript()
    for kind in KINDS:
        assert f"export interface {kind.__name__} {{" in text


def test_every_message_has_its_own_name_and_a_schema_that_refuses_more() -> None:
    described = json_schema()["$defs"]
    names = [described[kind.__name__]["properties"]["t"]["enum"][0] for kind in KINDS]
    assert len(set(names)) == len(names)
    assert all(described[kind.__name__]["additionalProperties"] is False for kind in KINDS)


def test_every_reference_of_the_documents_leads_somewhere() -> None:
    for document in (json_schema(), asyncapi()):
        for reference in references(document):
            found = document
            for step in reference.removeprefix("#/").split("/"):
                found = found[step]


def references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [reference for value in node.values() for reference in references(value)]
    return [reference for value in node for reference in references(value)] if isinstance(node, list) else []


def test_the_documents_are_json() -> None:
    assert json.loads(json.dumps(asyncapi()))["asyncapi"] == "3.0.0"
