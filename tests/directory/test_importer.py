"""Experts from a CSV file: every bad row is named, and nothing goes in unless all is well."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.importer import BYTES_MAX, import_experts, parse, parse_bytes
from directory.profiles import EXPERTS_MAX, Profiles
from ground.errors import Refusal
from ground.sql import Database

HEADER = "id,name,headline,biography,categories,languages,modes,timezone,hours,started_on"
ADA = 'ada,Ada Lovelace,First programmer,"Wrote about\nthe Engine, at length",math; engines,en;fr,chat;audio,Europe/London,mon-fri 09:00-17:00,2019-05-31'  # noqa: E501
BOB = "bob,Bob,,,,,,,,"


def named(text: str) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.column, problem.reason) for problem in parse(text).problems]


@pytest.fixture
async def profiles(database: Database) -> Profiles:
    profiles = Profiles(database)
    await profiles.create_pool("demo", "Demo")
    return profiles


def test_a_good_file() -> None:
    ada, bob = parse(f"{HEADER}\n{ADA}\n\n{BOB}\n").rows
    assert (ada.expert, ada.biography) == ("ada", "Wrote about\nthe Engine, at length")
    assert (ada.categories, ada.languages, ada.modes) == (["math", "engines"], ["en", "fr"], ["chat", "audio"])
    assert (bob.categories, bob.modes, bob.timezone, bob.hours) == ([], ["chat"], "UTC", "")


def test_columns_come_in_any_order_and_may_be_left_out() -> None:
    (bob,) = parse("Name , ID\r\nBob,bob\r\n").rows
    assert (bob.expert, bob.name) == ("bob", "Bob")


def test_a_byte_order_mark_is_fine_and_other_encodings_are_named_by_line() -> None:
    assert parse_bytes(b"\xef\xbb\xbfid,name\nbob,Bob").rows[0].expert == "bob"
    (problem,) = parse_bytes("id,name\nbob,Bob\nzoe,Zoë".encode("latin-1")).problems
    assert (problem.line, problem.reason) == (3, "is not UTF-8 text")


def test_a_bad_header_is_named_and_never_skipped() -> None:
    assert [column for _line, column, _why in named("id,nmae,name,name\nbob,x,y,z")] == ["nmae", "name"]
    assert named("headline\nhello") == [(1, "id", "the column is missing"), (1, "name", "the column is missing")]
    assert named("") == named("\n\n") == [(1, "", "the file is empty")]
    assert parse("id;name\nbob;Bob").readable is False


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("b b,Bob,,,,,,,,", "id", "must be 1 to 64"),
        (",Bob,,,,,,,,", "id", "is missing"),
        ("bob, ,,,,,,,,", "name", "is missing"),
        (f"bob,{'x' * 101},,,,,,,,", "name", "longer than 100"),
        ("bob,B\x07b,,,,,,,,", "name", "control character"),
        ("bob,B\u202eob,,,,,,,,", "name", "control character"),
        ('bob,Bob,"two\nlines",,,,,,,', "headline", "control character"),
        ("bob,Bob,,,a;b;a,,,,,", "categories", "twice"),
        (f"bob,Bob,,,{';'.join(map(str, range(21)))},,,,,", "categories", "more than 20"),
        ("bob,Bob,,,,english,,,,", "languages", "'english' is not a language tag"),
        ("bob,Bob,,,,,fax,,,", "modes", "'fax' is not one of chat, audio"),
        ("bob,Bob,,,,,;,,,", "modes", "is empty"),
        ("bob,Bob,,,,,,Mars/Olympus,,", "timezone", "unknown time zone"),
        ("bob,Bob,,,,,,,mon 9-5,", "hours", "not a range"),
        ("bob,Bob,,,,,,,,31.5.2019", "started_on", "not a date"),
        ("bob,Bob,,,,,,,,20190531", "started_on", "not a date"),
        ("bob,Bob", "", "has 2 fields; the header has 10"),
        ('bob,"Bob"x,,,,,,,,', "", "can't be read as CSV"),
        (f"bob,{'x' * 140_000},,,,,,,,", "", "can't be read as CSV"),
    ],
)
def test_a_bad_row_is_named_by_line_column_and_reason(row: str, column: str, reason: str) -> None:
    """In line 4, because Ada's biography has two lines."""
    parsed = parse(f"{HEADER}\n{ADA}\n{row}\nzoe,Zoe,,,,,,,,")
    assert [(problem.line, problem.column) for problem in parsed.problems] == [(4, column)]
    assert reason in parsed.problems[0].reason
    assert [expert.expert for expert in parsed.rows] == ["ada", "zoe"]


def test_a_duplicate_names_the_line_of_the_first() -> None:
    assert named(f"{HEADER}\n{BOB}\n{BOB}") == [(3, "id", "is already in line 2")]


def test_a_quote_that_never_closes_is_named_where_it_opens() -> None:
    assert named('id,name\nbob,Bob\nzoe,"Zoe\nivy,Ivy\n')[0][:2] == (3, "")


def test_size_is_bounded() -> None:
    assert "larger than 8 MiB" in parse_bytes(b"x" * (BYTES_MAX + 1)).problems[0].reason
    rows = "".join(f"e{n},E\n" for n in range(EXPERTS_MAX))
    assert len(parse("id,name\n" + rows).rows) == EXPERTS_MAX
    assert "more than 10000 rows" in parse("id,name\n" + rows + "one,More\n").problems[0].reason
    many = parse("id,name\n" + "bob\n" * 2000)
    assert len(many.problems) == 1001
    assert not many.readable


@given(st.binary(max_size=300), st.booleans())
def test_no_file_breaks_the_parser(data: bytes, header: bool) -> None:
    parsed = parse_bytes(b"id,name,hours\n" + data if header else data)
    assert parsed.problems or parsed.readable


@given(st.text(alphabet='abi,"\n\r;\x00 \ufeff', max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    parse("id,name\n" + text)


async def test_nothing_is_imported_unless_all_is_well(profiles: Profiles) -> None:
    text = f"{HEADER}\n{ADA}\n{BOB}\nb b,Bad,,,,,,,,\n".encode()
    report = await import_experts(profiles, "demo", text)
    assert (report.added, report.skipped, len(report.problems)) == (0, 0, 1)
    assert await profiles.experts("demo") == []


async def test_bad_rows_are_skipped_on_demand_and_still_named(profiles: Profiles) -> None:
    text = f"{HEADER}\n{ADA}\n{BOB}\nb b,Bad,,,,,,,,\n".encode()
    report = await import_experts(profiles, "demo", text, skip_bad=True)
    assert (report.added, report.updated, report.skipped, len(report.problems)) == (2, 0, 1, 1)
    assert [expert.expert for expert in await profiles.experts("demo")] == ["ada", "bob"]


def test_rates_are_for_all_modes_or_for_one() -> None:
    text = "id,name,rate,rate_chat,rate_audio\nada,Ada,120,90,\nbob,Bob,,,0\nzoe,Zoe,1,x,-2\n"
    ada, bob = parse(text).rows
    assert (ada.rate, ada.mode_rates, bob.rate, bob.mode_rates) == (120, {"chat": 90}, 0, {"audio": 0})
    assert [(line, column) for line, column, _why in named(text)] == [(4, "rate_chat"), (4, "rate_audio")]


async def test_a_bad_file_is_not_skipped(profiles: Profiles) -> None:
    report = await import_experts(profiles, "demo", b"id,nmae\nbob,Bob", skip_bad=True)
    assert report.added == 0
    assert report.problems


async def test_importing_again_updates(profiles: Profiles) -> None:
    await import_experts(profiles, "demo", f"{HEADER}\n{ADA}\n{BOB}".encode())
    report = await import_experts(profiles, "demo", b"id,name\nbob,Robert\nzoe,Zoe")
    assert (report.added, report.updated) == (1, 1)
    assert (await profiles.expert("demo", "bob")).name == "Robert"


async def test_a_full_file_goes_in_and_an_unknown_pool_is_refused(profiles: Profiles) -> None:
    rows = "".join(f"e{n},E{n}\n" for n in range(EXPERTS_MAX)).encode()
    assert (await import_experts(profiles, "demo", b"id,name\n" + rows)).added == EXPERTS_MAX
    with pytest.raises(Refusal, match="pool_full"):
        await import_experts(profiles, "demo", b"id,name\none,More")
    with pytest.raises(Refusal, match="no_such_pool"):
        await import_experts(profiles, "elsewhere", b"id,name\nbob,Bob")
