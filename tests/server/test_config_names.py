"""Settings that nobody knows are told; those that are known are those that are read and written about."""

import re
from pathlib import Path

from click.testing import CliRunner

from server.cli import main
from server.config_names import NAMES, strange
from tests.repo.house import ROOT


def test_the_documents_name_every_setting_and_no_other() -> None:
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("deploy/**/*.md")]
    told = {name for page in pages for name in re.findall(r"OPENLINE_[A-Z_]+[A-Z]", page.read_text("utf-8"))}
    assert {name for name in told if not name.startswith("OPENLINE_TEST_")} == NAMES


def test_what_the_code_reads_is_known() -> None:
    rooms = ("ground", "server", "sessions", "billing", "mail", "identity", "queueing", "presence", "directory")
    files = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    read = {name for path in files for name in re.findall(r'"(OPENLINE_[A-Z_]+[A-Z])"', path.read_text("utf-8"))}
    assert len(read) > 30 and not strange(read)


def test_what_the_tests_are_told_is_no_mistake() -> None:
    told = set(re.findall(r"OPENLINE_[A-Z_]+[A-Z]", (ROOT / "ARCHITECTURE.md").read_text("utf-8")))
    assert "OPENLINE_LONG" in told and not strange(told)


def test_a_misspelled_name_is_told_with_the_nearest() -> None:
    assert strange(["PATH", "OPENLINE_STORE", "OPENLINE_TEST_ASTERISK"]) == []
    assert strange(["OPENLINE_STRIP_KEY", "OPENLINE_COLOUR"]) == [
        "OPENLINE_COLOUR is no setting and changes nothing",
        "OPENLINE_STRIP_KEY is no setting and changes nothing; OPENLINE_STRIPE_KEY is one",
    ]


def test_commands_say_so(tmp_path: Path) -> None:
    words = ["pool", "create", "demo", "--state", str(tmp_path / "state")]
    done = CliRunner().invoke(main, words, env={"OPENLINE_MEDIA_PORT": "40000-40999"}, catch_exceptions=False)
    assert done.exit_code == 0
    assert done.stderr == "OPENLINE_MEDIA_PORT is no setting and changes nothing; OPENLINE_MEDIA_PORTS is one\n"
