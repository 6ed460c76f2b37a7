"""The command line as an operator uses it."""

import asyncio
import json
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from ground.clock import SystemClock
from ground.errors import Refusal
from ground.sql import Database
from identity.arrivals import Arrivals
from identity.tokens import Identity, Tokens
from server.cli import main
from server.config import load
from tests.repo.house import ROOT

EXPERTS = ROOT / "demo" / "experts.csv"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENLINE_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words, catch_exceptions=False)


def experts_in(state: Path) -> int:
    with sqlite3.connect(state / "openline.db") as db:
        count: int = db.execute("SELECT count(*) FROM experts").fetchone()[0]
    db.close()
    return count


@pytest.mark.parametrize("command", ["demo", "serve", "pool", "token", "link", "schema", "doctor", "audit", "bench"])
def test_help_teaches(command: str) -> None:
    assert command in run("--help").output
    asked = run(command, "--help")
    assert asked.exit_code == 0
    assert "Usage:" in asked.output


def test_the_demos_file_goes_in_by_the_same_import(state: Path) -> None:
    assert run("pool", "create", "demo", "--name", "The demo").exit_code == 0
    done = run("pool", "import", str(EXPERTS), "--pool", "demo")
    assert done.exit_code == 0, done.output
    assert "12 added, 0 updated, 0 skipped" in done.output
    again = run("pool", "import", str(EXPERTS), "--pool", "demo")
    assert "0 added, 12 updated, 0 skipped" in again.output
    assert "demo\t12 experts\tThe demo" in run("pool", "list").output


def test_a_bad_row_is_named_and_nothing_goes_in(state: Path, tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    file.write_text("id,name,timezone\nann,Ann,Europe/Berlin\nbob,Bob,Europe/Nowhere\n")
    run("pool", "create", "demo")
    refused = run("pool", "import", str(file), "--pool", "demo")
    assert refused.exit_code != 0
    assert "some.csv, line 3: timezone:" in refused.output
    assert "--skip-bad" in refused.output
    assert experts_in(state) == 0
    done = run("pool", "import", str(file), "--pool", "demo", "--skip-bad")
    assert done.exit_code == 0
    assert "line 3" in done.output
    assert "1 added, 0 updated, 1 skipped" in done.output
    assert experts_in(state) == 1


def test_refusals_are_one_line(state: Path) -> None:
    missing = run("pool", "import", str(EXPERTS), "--pool", "nowhere")
    assert missing.exit_code == 1
    assert missing.output == "Error: no_such_pool: nowhere\n"
    run("pool", "create", "demo")
    assert run("pool", "create", "demo").output == "Error: pool_exists: demo\n"


def test_a_database_that_is_not_there_is_one_line_without_its_password(state: Path) -> None:
    refused = run("pool", "list", "--database", "postgresql://u:hunter2@127.0.0.1:1/n")
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: cannot open the database postgresql://u:***@127.0.0.1:1/n")
    assert "hunter2" not in refused.output


def test_a_token_is_good_for_its_pool_only(state: Path) -> None:
    said = run("token", "--pool", "demo", "--expert", "ada", "--name", "Ada").output.strip()
    tokens = Tokens(load({"state_dir": state}, {}).keys)
    who = tokens.verify(said, "demo", now=SystemClock().now_ms())
    assert (who.role, who.subject, who.name) == ("expert", "ada", "Ada")


@pytest.mark.parametrize("words", [(), ("--expert", "ada", "--user", "bob")])
def test_a_token_is_for_one(state: Path, words: tuple[str, ...]) -> None:
    assert "one of --expert, --user, --operator" in run("token", "--pool", "demo", *words).output


def test_a_token_lives_fifteen_minutes_at_most(state: Path) -> None:
    assert run("token", "--pool", "demo", "--user", "bob", "--ttl", "901").exit_code == 2


def test_a_link_signs_in_once(state: Path) -> None:
    url = urlsplit(run("link", "--pool", "demo", "--operator", "op", "--base", "https://line.example/").output.strip())
    assert (url.scheme, url.netloc, url.query) == ("https", "line.example", "pool=demo&role=operator")
    token = url.fragment or url.path.rpartition("/")[2]
    assert _redeem(state, token).role == "operator"
    assert token.encode() not in (state / "openline.db").read_bytes()


def _redeem(state: Path, token: str) -> Identity:
    async def work() -> Identity:
        db = await Database.open(load({"state_dir": state}, {}).database)
        try:
            return await Arrivals(db).by_link(token, now=SystemClock().now_ms())
        finally:
            await db.close()

    return asyncio.run(work())


def test_the_language_is_written_down(tmp_path: Path) -> None:
    assert "ClientMessage" in json.loads(run("schema").output)["$defs"]
    assert json.loads(run("schema", "--asyncapi").output)["asyncapi"].startswith("3.")
    run("schema", "--typescript", "--out", str(tmp_path / "wire.ts"))
    assert "export" in (tmp_path / "wire.ts").read_text()


def test_the_doctors_report_is_for_machines_too(state: Path) -> None:
    done = run("doctor", "--json", "--port", "0")
    found = {one["subject"]: one["verdict"] for one in json.loads(done.output)}
    assert found["store"] == "ok"
    assert done.exit_code == (1 if "fail" in found.values() else 0)


def test_the_doctor_fails_aloud(state: Path) -> None:
    done = run("doctor", "--port", "0", "--database", "postgresql://u:hunter2@127.0.0.1:1/n")
    assert done.exit_code == 1
    assert "fail database:" in done.output
    assert "→ " in done.output


def test_a_wrong_setting_is_a_usage_error(state: Path) -> None:
    refused = run("doctor", "--store", "redis://store.example")
    assert refused.exit_code == 2
    assert "OPENLINE_SECRET_FILE" in refused.output


def test_the_first_operator_gets_an_account_and_whoever_is_blocked_gets_in_no_more(state: Path) -> None:
    assert run("pool", "create", "desk").exit_code == 0
    words = ("account", "create", "--pool", "desk", "--role", "operator", "--email", "Olga@line.example")
    url = urlsplit(run(*words, "--name", "Olga", "--base", "https://line.example").output.strip())
    assert url.netloc == "line.example"
    olga = _redeem(state, url.fragment)
    assert (olga.role, olga.name, olga.subject) == ("operator", "Olga", olga.account)
    again = urlsplit(run(*words).output.strip())
    blocked = ("account", "block", "--pool", "desk", "--role", "operator", "--subject", olga.subject)
    assert "blocked: operator" in run(*blocked, "--reason", "left").output
    with pytest.raises(Refusal, match="blocked"):
        _redeem(state, again.fragment)
    assert "let in again" in run(*blocked, "--reason", "back", "--undo").output
    assert _redeem(state, again.fragment).account == olga.account


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--email", "no address"), "bad_email"),
        (("--email", "a@line.example", "--role", "expert"), "--expert"),
        (("--email", "a@line.example", "--expert", "ada"), "--role expert"),
        (("--email", "a@line.example", "--role", "expert", "--expert", "nobody"), "unknown_expert"),
    ],
)
def test_an_account_that_can_not_be_is_not_made(state: Path, words: tuple[str, ...], said: str) -> None:
    run("pool", "create", "desk")
    refused = run("account", "create", "--pool", "desk", *words)
    assert refused.exit_code != 0 and said in refused.output
