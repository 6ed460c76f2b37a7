"""What the README tells people to type does what it says."""

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
from tests.repo.house import ROOT

README = (ROOT / "README.md").read_text("utf-8")
SECRET = "s" * 40


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def commands() -> list[str]:
    lines = [line for block in blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line.startswith("openline ")]


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
    told = set(re.findall(r"^\| `(OPENLINE_[A-Z_]+)`", README, re.M))
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "server").glob("*.py"))
    named = set(re.findall(r"OPENLINE_[A-Z_]+", sources)) - {
        "OPENLINE_WORKER_CONFIG", "OPENLINE_MEDIA_CONFIG", "OPENLINE_", "OPENLINE_STRIPE_",
    }  # fmt: skip
    assert told == named | {"OPENLINE_HOST", "OPENLINE_STATE_DIR"}
    ice = re.search(r"`OPENLINE_ICE_SERVERS`:\n`'(.*?)'`", README, re.S)
    assert ice is not None
    config = load({"state_dir": tmp_path}, {"OPENLINE_ICE_SERVERS": ice[1], "OPENLINE_SECRET": SECRET})
    assert [server.urls for server in config.ice_servers] == [["stun:turn.example:3478"], ["turns:turn.example:5349"]]


def test_the_token_that_a_site_signs_is_taken(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    (program,) = blocks("python")
    made: dict[str, Any] = {}
    exec(program.replace("/etc/openline/secret", str(tmp_path / "secret")), made)
    keys = load({"state_dir": tmp_path}, {"OPENLINE_SECRET": SECRET}).keys
    assert Tokens(keys).verify(made["token"], "support", now=SystemClock().now_ms()).subject == "reader-17"
