"""`openline pool set`: a pool's options from the command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main

GENERAL = "currency\tEUR\nvisitors\tno\nfeedback after\t30 s\nprepaid\tno\n"
CALLS = "bridge audio\tno\nrecording\tno\ntelephone\tno\nfiles\tup to 10 MB\nfiles kept\t365 days\n"
DEFAULTS = GENERAL + CALLS


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINE_STATE_DIR", str(tmp_path / "state"))
    run("pool", "create", "demo")


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words, catch_exceptions=False)


def test_options_are_set_one_by_one_and_shown() -> None:
    assert run("pool", "set", "demo").output == DEFAULTS
    tree = ("--category", "Money", "--category", "Money/Taxes")
    assert run("pool", "set", "demo", "--currency", "USD", *tree).output.endswith(
        "category\tMoney\ncategory\tMoney/Taxes\n"
    )
    done = run("pool", "set", "demo", "--visitors", "--feedback-after", "0")
    assert done.output.startswith("currency\tUSD\nvisitors\tyes\nfeedback after\t0 s\nprepaid\tno\nbridge")
    assert "category" not in run("pool", "set", "demo", "--no-categories", "--no-visitors").output


def test_what_is_about_money_is_given_as_people_write_it() -> None:
    asked = ("--prepaid", "--fee", "12.5", "--minimum-minutes", "2", "--free-minutes", "3", "--free-calls", "5")
    done = run("pool", "set", "demo", *asked, "--deposit", "20", "--deposit", "49.50", "--deposit-max", "200")
    assert done.output == GENERAL.replace("prepaid\tno", "prepaid\tyes") + (
        "fee\t12.5 %\nfree minutes\t3\nminimum\t2 min\nfree calls\t5 in 24 hours\n"
        "deposit\t20.00 EUR\ndeposit\t49.50 EUR\nlargest deposit\t200.00 EUR\n" + CALLS
    )
    yen = run("pool", "set", "demo", "--currency", "JPY", "--deposit", "3000", "--deposit-max", "10000").output
    assert "deposit\t3000 JPY\nlargest deposit\t10000 JPY\n" in yen and "fee\t12.5 %" in yen


def test_calls_and_files_are_set_and_taken_back() -> None:
    asked = ("--phone-region", "de", "--phone-region", "AT", "--recording", "--recording-days", "7", "--file-mb", "0")
    done = run("pool", "set", "demo", *asked, "--no-verify-numbers", "--phone-calls", "3", "--bridge-audio")
    assert done.output == GENERAL + (
        "bridge audio\tyes\nrecording\tyes\nrecordings kept\t7 days\ntelephone\tDE, AT\nnumbers confirmed\tno\n"
        "calls\t3 in 24 hours\nfiles\tno\n"
    )
    back = ("--no-phone", "--no-recording", "--no-bridge-audio", "--file-mb", "10")
    assert run("pool", "set", "demo", *back).output == DEFAULTS


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("demo", "--fee", "101"), "malformed"),
        (("demo", "--fee", "1.234"), "--fee has at most two digits"),
        (("demo", "--fee", "-1"), "'-1' is not a number"),
        (("demo", "--deposit", "1e9"), "'1e9' is not a number"),
        (("demo", "--deposit", "0"), "malformed"),
        (("demo", "--deposit", "2.555"), "2.555 has more than the 2 digits of EUR"),
        (("demo", "--deposit", "501"), "an amount is above the largest deposit"),
        (("demo", "--minimum-minutes", "0"), "malformed"),
        (("demo", "--currency", "QQQ"), "malformed: QQQ is not a currency"),
        (("demo", "--currency", "euro"), "malformed"),
        (("demo", "--category", "a//b"), "bad_profile: categories"),
        (("demo", "--category", "a", "--no-categories"), "either --category or --no-categories"),
        (("demo", "--phone-region", "Germany"), "malformed"),
        (("demo", "--phone-region", "DE", "--no-phone"), "either --phone-region or --no-phone"),
        (("demo", "--recording-days", "0"), "malformed"),
        (("nowhere", "--visitors"), "no_such_pool: nowhere"),
    ],
)
def test_what_can_not_be_is_said_in_one_line(words: tuple[str, ...], said: str) -> None:
    refused = run("pool", "set", *words)
    assert refused.exit_code != 0 and said in refused.output
    assert run("pool", "set", "demo").output == DEFAULTS


def test_an_import_names_a_category_that_the_tree_does_not_have(tmp_path: Path) -> None:
    run("pool", "set", "demo", "--category", "Money/Taxes")
    file = tmp_path / "some.csv"
    file.write_text("id,name,categories\nann,Ann,Money\nbob,Bob,Magic\n")
    refused = run("pool", "import", str(file), "--pool", "demo")
    assert refused.exit_code != 0 and "line 3: categories: 'Magic' is not a category of this pool" in refused.output
    assert "1 added" in run("pool", "import", str(file), "--pool", "demo", "--skip-bad").output
