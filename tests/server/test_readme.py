"""What the README and the pages beside it tell people to type and to set does what it says."""

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest

from ground.clock import SystemClock
from identity.tokens import Tokens
from server.cli import main
from server.config import load
from sessions.phone.trunk import OPTIONS, Trunk
from tests.repo.house import ROOT, room_modules

NAMES = ("README.md", "docs/calls.md", *(f"deploy/{one}/README.md" for one in ("coturn", "asterisk", "asterisk/test")))
PAGES = {name: (ROOT / name).read_text("utf-8") for name in NAMES}
README, CALLS = PAGES["README.md"], PAGES["docs/calls.md"]
TESTS_ONLY = {"OPENLINE_TEST_ASTERISK", "OPENLINE_TEST_ASTERISK_TRUNK"}
INNER = {"OPENLINE_WORKER_CONFIG", "OPENLINE_MEDIA_CONFIG"}
"""What our own processes hand to each other."""
SECRET = "s" * 40


def blocks(language: str, page: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.M | re.S)


def commands() -> list[str]:
    found = [block for page in PAGES.values() for block in blocks("sh", page)]
    lines = [line for block in found for line in block.replace("\\\n", " ").splitlines()]
    return sorted({line for line in lines if line.startswith("openline ")})


def test_there_is_something_to_type() -> None:
    assert len(commands()) >= 7


@pytest.mark.parametrize("line", commands())
def test_every_command_takes_those_options(line: str) -> None:
    command: click.Command = main
    words = shlex.split(line, comments=True)[1:]
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    options = {name for one in command.params for name in one.opts if name.startswith("--")}
    assert {word for word in words if word.startswith("--")} <= options


def test_every_setting_of_the_table_is_read(tmp_path: Path) -> None:
    rows = [row for page in PAGES.values() for row in re.findall(r"^\|([^|]*)\|", page, re.M)]
    told = [name for row in rows for name in settings(row)]
    told.remove("OPENLINE_ARI")  # once in the README, and once more at the head of the table that is about it
    texts = [path.read_text("utf-8") for path in room_modules() if {"server", "phone"} & set(path.parts)]
    assert sorted(told) == sorted((settings("".join(texts)) | {"OPENLINE_HOST", "OPENLINE_STATE_DIR"}) - INNER)
    assert not {name for page in PAGES.values() for name in settings(page)} - {*told, *TESTS_ONLY}
    ice = re.search(r"`OPENLINE_ICE_SERVERS`:\n`'(.*?)'`", README, re.S)
    assert ice is not None
    config = load({"state_dir": tmp_path}, {"OPENLINE_ICE_SERVERS": ice[1], "OPENLINE_SECRET": SECRET})
    assert [server.urls for server in config.ice_servers] == [["stun:turn.example:3478"], ["turns:turn.example:5349"]]


def settings(text: str) -> set[str]:
    """The settings that it names; not what one begins with."""
    return set(re.findall(r"OPENLINE_[A-Z_]*[A-Z](?![A-Z_{])", text))


def test_every_option_of_a_trunk_is_told_and_its_default_is_so() -> None:
    (table,) = re.findall(r"^\| option \|.*?\n\n", CALLS, re.M | re.S)
    told = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| ([^|]*) \|", table, re.M))
    assert set(told) == set(OPTIONS)
    plain = Trunk(user="openline", host="sip.example.org")
    for option, default in told.items():
        if re.fullmatch(r"`[^`]+`", default):
            assert OPTIONS[option](option, default.strip("`")) == getattr(plain, option), option
        else:
            assert getattr(plain, option) == "", option


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)", PAGES[name]) if "://" not in link]
    assert not [link for link in links if not ((ROOT / name).parent / link).exists()]


def test_the_token_that_a_site_signs_is_taken(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    (program,) = blocks("python")
    made: dict[str, Any] = {}
    exec(program.replace("/etc/openline/secret", str(tmp_path / "secret")), made)
    keys = load({"state_dir": tmp_path}, {"OPENLINE_SECRET": SECRET}).keys
    assert Tokens(keys).verify(made["token"], "support", now=SystemClock().now_ms()).subject == "reader-17"
