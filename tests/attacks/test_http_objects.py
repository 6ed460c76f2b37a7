"""Everybody at every route, with what is theirs and what is not: the matrix is made from the routes of the server."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from identity import store
from identity.accounts import Accounts
from identity.cookies import cookie_name
from tests.attacks.http_house import NOW, SHOP, Answer, Browser, HttpHouse, http_house
from tests.attacks.http_rows import ELSEWHERE, POOL, ROLES, ROWS, STATEMENTS, V1, WHO_MAY, WORD, Row
from tests.databases import PostgresServer, postgres_server
from wire.codes import REFUSALS

__all__ = ["postgres_server"]
Route = tuple[str, str]
# What differs between any two answers.
PASSING = {"date", "x-request-id"}
NOBODY = {"expert": "nobody", "testimonial": "t-nothing", "mail": "mail-nothing", "sign_in": "n" * 22}
NOBODY |= {"user": "nobody", "batch": "payout-nothing", "session": "s-nothing"}
CHANGING = [route for route in ROWS if route[0] not in ("GET", "OPTIONS") and ROWS[route].kind != "signed"]
GETS = [route for route in ROWS if route[0] == "GET"]
ALONE = {"too_large", "wrong_host", "wrong_origin"}
"""Codes of HTTP alone, from before anybody knows what was asked."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(store_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HttpHouse]:
    folder: Path = tmp_path_factory.mktemp("http")
    async with http_house(store_url, f"sqlite:///{folder / 'books.db'}", folder) as made:
        yield made


def path_of(house: HttpHouse, route: Route, **other: str) -> str:
    given = house.things | {"sign_in": NOBODY["sign_in"]} | ROWS[route].given | other
    return re.sub(r"\{(\w+)\}", lambda found: given[found[1]], route[1])


def sent(row: Row) -> dict[str, Any]:
    """The body of a row, as `Browser.ask` takes it."""
    if row.raw is not None:
        return {"content": row.raw}
    return {} if row.body is None else {"body": row.body}


def said(answer: Answer, *names: str) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All of an answer, but for what is never the same twice and the `names` that were asked about."""
    body = answer.content
    for name in sorted(filter(None, names), key=len, reverse=True):
        body = body.replace(name.encode(), b"-")
    kept = [(name, value) for name, value in answer.headers.items() if name not in PASSING | {"content-length"}]
    return answer.status_code, body, kept


def named(answer: Answer) -> str:
    """The code of a refusal that pages have words for."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:200])
    code: str = answer.json()["code"]
    assert code in REFUSALS or code in ALONE, code
    return code


def able(house: HttpHouse, row: Row) -> Browser:
    """Somebody who may."""
    who = {"page": "guest", "live": "guest", "open": "guest", "signed": "guest", "own": "user", "user": "user"}
    who["expert"] = "owner"
    return house.people[who.get(row.kind, "boss")]


async def test_every_route_has_a_row(house: HttpHouse) -> None:
    assert house.routes() == set(ROWS)


@pytest.mark.parametrize("route", [r for r in GETS if ROWS[r].kind == "page"], ids=" ".join)
async def test_public_pages_are_the_same_for_all(house: HttpHouse, route: Route) -> None:
    answers = {name: await who.ask("GET", path_of(house, route)) for name, who in house.people.items()}
    assert {answer.status_code for answer in answers.values()} == {200}
    assert len({repr(said(answer)) for answer in answers.values()}) == 1, "it says who looks"
    assert not any("set-cookie" in answer.headers for answer in answers.values())


@pytest.mark.parametrize("route", [r for r in ROWS if ROWS[r].kind in WHO_MAY], ids=" ".join)
async def test_who_may_does_and_all_others_get_one_refusal(house: HttpHouse, route: Route) -> None:
    """Experts of the pool are told that there is no such profile, whoever's it is; all others that they aren't signed
    in, members of the other pool with the same name and the same role included."""
    row, (method, _path) = ROWS[route], route
    refusals: dict[str, set[str]] = {}
    for name, who in (house.people | await mixed(house)).items():
        query = {"role": ROLES.get(name, "operator")} if row.kind in ("own", "payee") else {}
        may = name in WHO_MAY[row.kind]
        before = None if may or method == "GET" else await house.truth()
        answer = await who.ask(method, path_of(house, route), query=query, **sent(row))
        assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers and "set-cookie" not in answer.headers
        if may:
            assert answer.status_code not in (401, 403) and answer.status_code < 500, (name, answer.text)
            perhaps = row.kind in ("own", "user", "operator") or row.raw
            assert answer.status_code // 100 == 2 or perhaps, (name, answer.text)
        else:
            refusals.setdefault(named(answer), set()).add(repr(said(answer)))
            assert answer.status_code in ((404, 403) if row_knows(route, name) else (401,)), (name, answer.text)
            assert before is None or await house.truth() == before, f"{name} changed something"
    assert all(len(answers) == 1 for answers in refusals.values()), refusals


def row_knows(route: Route, name: str) -> bool:
    """Whether a route tells `name` more than that they are not signed in: the pool's experts, and its operators where
    only experts may."""
    return "/experts/{expert}" in route[1] and name in ("peer", "boss", "owner")


async def mixed(house: HttpHouse) -> dict[str, Browser]:
    """Browsers with the cookies of several: each counts for itself. And cookies under the names of others."""
    cookies = {name: who.cookie for name, who in house.people.items()}
    away = [cookies[name] for name in ("user elsewhere", "owner elsewhere", "boss elsewhere")]
    operator, user = (cookie_name(POOL, role, secure=False) for role in ("operator", "user"))
    value = {name: cookie.partition("=")[2] for name, cookie in cookies.items()}
    made = {
        "all of elsewhere": "; ".join(away),
        "operator's cookie of elsewhere": f"{operator}={value['boss elsewhere']}",
        "a user's as operator's": f"{operator}={value['user']}",
        "an expert's as operator's": f"{operator}={value['owner']}",
        "broken": f"{operator}={value['boss'][:-3]}AAA; {user}=%00",
        "many": ";".join([f"{operator}="] * 900),
    }
    return {name: Browser(house.wire, house.origin, cookie) for name, cookie in made.items()}


async def test_a_role_is_that_of_its_own_cookie(house: HttpHouse) -> None:
    """Who is several in one browser is each of them for what is theirs, and never the one in the other's place."""
    cookies = "; ".join(house.people[name].cookie for name in ("user", "peer", "boss elsewhere"))
    several = Browser(house.wire, house.origin, cookies)
    for role, name in (("user", "user"), ("expert", "peer")):
        own = await house.people[name].ask("GET", f"/v1/pools/{POOL}/account", query={"role": role})
        assert (await several.ask("GET", f"/v1/pools/{POOL}/account", query={"role": role})).content == own.content
    for role in ("operator", "guest", "", "user,operator", "OPERATOR", "\x00"):
        answer = await several.ask("GET", f"/v1/pools/{POOL}/account", query={"role": role})
        assert answer.status_code in (400, 401), role
    assert (await several.ask("GET", f"/v1/pools/{POOL}/people")).status_code == 401
    assert (await several.ask("GET", f"/v1/pools/{POOL}/experts/ada/profile")).status_code == 404
    assert (await several.ask("GET", f"/v1/pools/{POOL}/experts/bob/profile")).json()["by"] == "expert"
    assert (await several.ask("GET", f"/v1/pools/{ELSEWHERE}/people")).status_code == 200


FOREIGN = [
    ("peer", ("GET", f"{V1}/experts/{{expert}}/profile"), "expert", "ada"),
    ("peer", ("GET", f"{V1}/experts/{{expert}}/timeline"), "expert", "ada"),
    ("peer", ("PUT", f"{V1}/experts/{{expert}}/photo"), "expert", "ada"),
    ("peer", ("PUT", f"{V1}/experts/{{expert}}/testimonials"), "expert", "ada"),
    ("boss", ("DELETE", f"{V1}/experts/{{expert}}/testimonials/{{testimonial}}"), "testimonial", ""),
    ("boss", ("POST", f"{V1}/mails/{{mail}}/again"), "mail", ""),
    ("user", ("POST", f"{V1}/account/sign-ins/{{sign_in}}/end"), "sign_in", ""),
    ("boss", ("GET", f"{V1}/people"), "pool", ELSEWHERE),
    ("boss", ("GET", f"{V1}/mails"), "pool", ELSEWHERE),
    ("boss", ("GET", f"{V1}/audit"), "pool", ELSEWHERE),
    ("boss", ("PUT", f"{V1}/options"), "pool", ELSEWHERE),
    ("boss", ("POST", f"{V1}/people/block"), "pool", ELSEWHERE),
    ("owner", ("GET", f"{V1}/experts/{{expert}}/profile"), "pool", ELSEWHERE),
    ("guest", ("GET", "/p/{pool}/photos/{digest}"), "digest", ""),
    *(("boss", ("GET", f"{V1}/payouts/{{batch}}{end}"), "batch", "") for end in ("", "/file.csv", "/file.xml")),
    *(("boss", ("POST", f"{V1}/payouts/{{batch}}/{end}"), "batch", "") for end in ("paid", "cancel")),
    *(("boss", ("POST", f"{V1}/wallets/{{user}}/{end}"), "user", "") for end in ("freeze", "unfreeze", "credit")),
    ("boss", ("GET", f"{V1}/money"), "pool", ELSEWHERE),
    ("boss", ("GET", STATEMENTS), "pool", ELSEWHERE),
    ("boss", ("POST", f"{V1}/payouts"), "pool", ELSEWHERE),
    ("user", ("GET", f"{V1}/statement"), "pool", ELSEWHERE),
    ("user", ("GET", f"{V1}/account/sessions"), "pool", ELSEWHERE),
    *(("user", ("GET", f"{V1}/sessions/{{session}}/receipt.json"), "session", f"s-{one}") for one in (POOL, ELSEWHERE)),
    ("peer", ("DELETE", f"{V1}/bank-account"), "pool", ELSEWHERE),
]


@pytest.mark.parametrize(("name", "route", "what", "theirs"), FOREIGN, ids=str)
async def test_what_is_others_is_answered_like_what_is_not(
    house: HttpHouse, name: str, route: Route, what: str, theirs: str
) -> None:
    sign_ins = await house.people["peer"].ask("GET", f"/v1/pools/{POOL}/account", query={"role": "expert"})
    others = house.others | {"sign_in": sign_ins.json()["sign_ins"][0]["id"]}
    theirs = theirs or others[what]
    nobodys = (NOBODY | {"pool": "nowhere", "digest": "0" * 32})[what]
    before = await house.truth()
    row, who = ROWS[route], house.people[name]
    asked = [await who.ask(route[0], path_of(house, route, **{what: one}), **sent(row)) for one in (theirs, nobodys)]
    assert asked[0].status_code in (401, 404), asked[0].text
    assert said(asked[0], theirs, nobodys) == said(asked[1], theirs, nobodys)
    assert await house.truth() == before


def bad_origins(house: HttpHouse, row: Row) -> list[str]:
    own = house.origin
    found = ["", "null", "https://evil.example", f"{own}.evil.example", own.replace("http:", "https:"), f"{own}0"]
    return [*found, own.upper(), f"{own}/", own.rpartition(":")[0], *([] if row.foreign else [SHOP])]


@pytest.mark.parametrize("route", CHANGING, ids=" ".join)
async def test_nothing_is_changed_from_another_origin(house: HttpHouse, route: Route) -> None:
    row, before = ROWS[route], await house.truth()
    who, path = able(house, row), path_of(house, route)
    for origin in bad_origins(house, row):
        answer = await who.ask(route[0], path, origin=origin, **sent(row))
        assert (answer.status_code, named(answer)) == (403, "wrong_origin"), origin
        assert "access-control-allow-origin" not in answer.headers and "set-cookie" not in answer.headers
    assert await house.truth() == before


def bad_bodies(good: dict[str, Any]) -> Iterator[bytes]:
    """Bodies that are none, and bodies with one thing wrong."""
    yield from (
        b"{",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b"{}{}",
        b"\xef\xbb\xbf{}",
        b"\x00",
        b'{"a": "\xff"}',
        b'{"\xed\xa0\x80":1}',
    )
    yield from (b'{"a":' * 9000, b"[" * 60_000, b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}", b" " * 70_000)
    yield msgspec.json.encode(good | {"extra": 1})
    for name in good:
        for wrong in (b'"\\ud800"', b'["\\udc00x"]', b"1e999", b'[{"x":1}]'):
            yield b'{"%s":%s}' % (name.encode(), wrong)


STRANGE: tuple[object, ...] = (10**30, -(2**63) - 1, 1.5, True, None, "a\x00b", "x" * 40_000, "\u202ex\u2066", [], {})


def strange_bodies(good: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Bodies that are well-formed and that nobody would send."""
    for name, value in good.items():
        for strange in STRANGE:
            yield good | {name: strange}
        if isinstance(value, list):
            yield from (good | {name: [strange]} for strange in ("\x00", "x" * 40_000, 10**30, None))
            yield good | {name: ["x"] * 10_000}


@pytest.mark.parametrize("route", [r for r in CHANGING if ROWS[r].body is not None], ids=" ".join)
async def test_bodies_that_make_no_sense_are_refused_by_name(house: HttpHouse, route: Route) -> None:
    row = ROWS[route]
    who, path, before = able(house, row), path_of(house, route), await house.truth()
    good = row.body or {}
    for body in bad_bodies(good):
        answer = await who.ask(route[0], path, query=row.query, content=body)
        named(answer)
    assert await house.truth() == before
    for strange in strange_bodies(good):
        answer = await who.ask(route[0], path, query=row.query, content=json.dumps(strange).encode())
        if answer.status_code >= 300:
            named(answer)
            assert len(answer.content) < 1000, "a refusal repeats what was sent"


HOSTILE = [
    "%00", "a%00b", "..", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%2f", "%5c", "%25", "%0d%0aX-Evil:%201", "%ff",
    "%ed%a0%80", "%F0%9F%A6%8A", "%e2%80%ae", "x" * 3000, "*", "-", "'", "%22%3E%3Cscript%3E", "{pool}", "0", "-1",
    "%C2%B2", "%D9%A3",
]  # fmt: skip
NUMBERS = [
    "9" * 15,
    "9" * 16,
    "9" * 30,
    "9" * 5000,
    "0" * 5000,
    "0" * 20 + "9" * 90,
    "1e9",
    "inf",
    "NaN",
    "1_0",
    "+1",
    "",
]


@pytest.mark.parametrize("route", list(ROWS), ids=" ".join)
async def test_names_in_a_path_break_nothing(house: HttpHouse, route: Route) -> None:
    row = ROWS[route]
    for what in re.findall(r"\{(\w+)\}", route[1]):
        for hostile in HOSTILE:
            path = path_of(house, route, **{what: hostile})
            harmless(await able(house, row).ask(route[0], path, **sent(row)), hostile)


@pytest.mark.parametrize("route", GETS, ids=" ".join)
async def test_queries_break_nothing(house: HttpHouse, route: Route) -> None:
    row = ROWS[route]
    path, names = path_of(house, route), [*row.query, *(["role"] if row.kind == "own" else [])]
    for hostile in (*HOSTILE, *NUMBERS):
        for name in names:
            harmless(await able(house, row).ask("GET", f"{path}?{name}={hostile}"), hostile)
        together = "&".join(f"{name}={hostile}" for name in ("role", "before", "from", "to", "size", "lang", "page"))
        harmless(await able(house, row).ask("GET", f"{path}?{together}&{together}"), hostile)


def harmless(answer: Answer, hostile: str) -> None:
    assert answer.status_code < 500, (hostile, answer.text[:200])
    assert "x-evil" not in answer.headers and not is_script(answer), hostile
    place = answer.headers.get("location", "/")
    assert place.startswith(("/p/", "/sign-in?", "http://127.0.0.1:")) or place == "/", place


@pytest.mark.postgres
async def test_postgresql_is_asked_for_nothing_that_it_can_not_hold(
    store_url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """NUL, half a character, numbers of more than 64 bits: SQLite takes them, and says nothing."""
    async with http_house(store_url, await postgres_server.create(), tmp_path) as house:
        for route, row in ROWS.items():
            who, path = able(house, row), path_of(house, route)
            for what in re.findall(r"\{(\w+)\}", route[1]):
                for hostile in ("%00", "a%00b", "%ff"):
                    harmless(await who.ask(route[0], path_of(house, route, **{what: hostile}), **sent(row)), hostile)
            for name in row.query:
                for hostile in ("%00", "9" * 15, "9" * 30):
                    harmless(await who.ask(route[0], f"{path}?{name}={hostile}"), hostile)
            for name, value in (row.body or {}).items():
                for strange in ("a\x00b", 10**30):
                    body = (row.body or {}) | {name: [strange] if isinstance(value, list) else strange}
                    harmless(await who.ask(route[0], path, content=json.dumps(body).encode()), name)


def is_script(answer: Answer) -> bool:
    return b'"><script>' in answer.content and not answer.headers["content-type"].startswith("application/json")


def test_every_query_is_known() -> None:
    """The names that the rows have are those that the server reads."""
    read = set[str]()
    for file in (Path(__file__).parents[2] / "server").rglob("*.py"):
        read |= set(re.findall(r'(?:query_params|given|asked)\.get\("(\w+)"', file.read_text()))
    assert read - {"role", "lang"} == {name for row in ROWS.values() for name in row.query} - {
        "code",
        "iss",
        "role",
        "lang",
    }


async def test_a_receipt_is_for_its_parties_and_operators(house: HttpHouse) -> None:
    path = f"/v1/pools/{POOL}/sessions/s-{POOL}/receipt.json"
    asked = {
        name: await who.ask("GET", path, query={"role": ROLES[name]})
        for name, who in house.people.items()
        if name in ROLES
    }
    may = {name for name, answer in asked.items() if answer.status_code == 200}
    assert may == {"owner", "boss"}, "the user is somebody else"
    assert {named(answer) for name, answer in asked.items() if name not in may} == {"not_found", "not_signed_in"}
    assert asked["owner"].headers["content-disposition"] == f'attachment; filename="receipt-s-{POOL}.json"'
    (key,) = (await house.guest.ask("GET", "/.well-known/openline-receipts.json")).json()["keys"]
    assert len(key) == 43


async def test_a_refused_invitation_makes_no_profile(house: HttpHouse) -> None:
    before = await house.truth()
    asked = {"role": "expert", "email": "nobody@nowhere", "name": "New", "expert": "newcomer"}
    answer = await house.people["boss"].ask("POST", f"/v1/pools/{POOL}/people/invite", body=asked)
    assert named(answer) == "bad_email" and await house.truth() == before


async def test_a_password_opens_no_pool_that_is_not_there(house: HttpHouse) -> None:
    asked, path = {"email": "keen@line.example", "password": WORD}, "/v1/pools/nowhere/password-sign-in"
    account = await Accounts(house.database).open(POOL, "user", asked["email"], "Keen", now=NOW())
    async with house.database.begin() as tx:
        await store.set_account(tx, account, password=await Accounts(house.database).words.hash(WORD))
    before = await house.truth()
    assert named(await house.guest.ask("POST", path, body=asked)) == "no_such_pool"
    assert await house.truth() == before
    assert (await house.guest.ask("POST", path.replace("nowhere", ELSEWHERE), body=asked)).status_code == 200


async def test_an_error_of_the_database_does_not_repeat_what_was_to_be_written(house: HttpHouse) -> None:
    row = {"pool": POOL, "role": "user", "subject": "s", "at": 0, "by": "b", "reason": "secret@line.example"}
    with pytest.raises(IntegrityError) as failed:
        async with house.database.begin() as tx:
            await tx.execute(sa.insert(store.blocks), [row, row])
    assert "secret@line.example" not in str(failed.value)
