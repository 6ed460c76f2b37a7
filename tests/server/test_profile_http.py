"""Profiles, photos, testimonials and options over HTTP, by experts and operators, before either database."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from billing import ledger
from directory.expert import PoolOptions
from identity.audit import page as audit_page
from tests.databases import database_url, postgres_server
from tests.directory import pictures
from tests.server.people_site import NOW, POOL, PeopleSite, people_site

__all__ = ["database_url", "postgres_server"]
ADA = f"/v1/pools/{POOL}/experts/ada"
BOB = f"/v1/pools/{POOL}/experts/bob"
OPTIONS = f"/v1/pools/{POOL}/options"
PHOTO = pictures.encoded(pictures.photo(), "JPEG")


@pytest.fixture
async def site(store_url: str, tmp_path: Path) -> AsyncIterator[PeopleSite]:
    async with people_site(store_url, f"sqlite:///{tmp_path}/openline.db", tmp_path) as running:
        yield running


@pytest.fixture
async def either(store_url: str, database_url: str, tmp_path: Path) -> AsyncIterator[PeopleSite]:
    """A server before either database: for what the databases do in ways of their own."""
    async with people_site(store_url, database_url, tmp_path) as running:
        yield running


async def test_an_expert_edits_what_is_theirs_and_everybody_sees_it(either: PeopleSite) -> None:
    site = either
    ada = await site.signed_in(("expert", "ada"))
    told = (await ada.get(f"{ADA}/profile")).json()
    assert told["profile"]["email"] == "ada@line.example" and told["by"] == "expert" and told["currency"] == "EUR"
    fields = {"headline": "New", "biography": "x" * 5, "started_on": "2020-01-01", "rate": 120, "holidays": "DE-BE"}
    changed = await ada.ask("PUT", f"{ADA}/profile", json=fields)
    assert changed.status_code == 200 and changed.json()["profile"]["headline"] == "New"
    kept = await site.profiles.expert(POOL, "ada")
    assert (kept.headline, kept.holidays, kept.name) == ("New", "DE-BE", "Ada Quill")
    public = (await site.guest.get(f"/p/{POOL}/x/ada")).text
    assert "New" in public and "line.example" not in public
    for field, value in (("rate", 5), ("email", "me@evil.example")):
        refused = await ada.ask("PUT", f"{ADA}/profile", json={"headline": "No", field: value})
        assert (refused.status_code, refused.json()) == (403, {"code": "not_allowed", "detail": field})
    bodies: tuple[object, ...] = ({"photo": "x"}, {"expert": "bob"}, {"pool": "x"}, {"rate": "1"}, [], {"name": None})
    for body in bodies:
        assert (await ada.ask("PUT", f"{ADA}/profile", json=body)).status_code == 400
    assert (await site.profiles.expert(POOL, "ada")).headline == "New"


async def test_all_that_is_wrong_is_named_at_once(site: PeopleSite) -> None:
    olga = await site.signed_in(("operator", "olga"))
    await olga.ask("PUT", OPTIONS, json={"categories": ["Money/Taxes", "Health"]})
    bad = {"name": " ", "timezone": "Mars/Crater", "hours": "someday", "started_on": "yesterday", "rate": -1,
           "categories": ["Magic"], "languages": ["?"], "modes": [], "email": "@"}  # fmt: skip
    answer = await olga.ask("PUT", f"{ADA}/profile", json=bad)
    assert answer.status_code == 422 and answer.json()["code"] == "bad_profile"
    assert {one["field"] for one in answer.json()["problems"]} == set(bad)


async def test_others_profiles_are_like_none(site: PeopleSite) -> None:
    """An expert gets the same answer for another's profile as for one that doesn't exist; an operator gets them all."""
    bob = await site.signed_in(("expert", "bob"))
    user = await site.signed_in(("user", "uma"))
    asks: list[tuple[str, str, object]] = [
        ("GET", "profile", None),
        ("PUT", "profile", {}),
        ("PUT", "photo", None),
        ("DELETE", "photo", None),
        ("POST", "biography-preview", {"text": ""}),
        ("POST", "hours-preview", {}),
        ("PUT", "testimonials", {"pinned": []}),
        ("POST", "testimonials", {"text": "x", "by": "y"}),
        ("DELETE", "testimonials/t1", None),
    ]
    for method, path, body in asks:
        theirs, nobodys = [
            await bob.ask(method, f"/v1/pools/{POOL}/experts/{expert}/{path}", json=body)
            for expert in ("ada", "nobody")
        ]
        assert theirs.status_code == nobodys.status_code == 404 and theirs.json() == nobodys.json(), (method, path)
        for stranger in (user, site.guest):
            assert (await stranger.ask(method, f"{ADA}/{path}", json=body)).status_code == 401
    for expert in ("%00", "a%00b", "x" * 200, "ada%20"):
        assert (await bob.get(f"/v1/pools/{POOL}/experts/{expert}/profile")).status_code == 404
    both = await site.signed_in(("expert", "bob"), ("operator", "olga"))
    assert (await both.get(f"{ADA}/profile")).json()["by"] == "operator"
    assert (await both.get(f"{BOB}/profile")).json()["by"] == "expert"


@pytest.mark.claim("B2")
async def test_a_photo_is_drawn_anew_in_three_sizes_and_kept_by_browsers(either: PeopleSite) -> None:
    site = either
    ada = await site.signed_in(("expert", "ada"))
    path = (await ada.ask("PUT", f"{ADA}/photo", content=pictures.with_position())).json()["photo"]
    assert path.startswith(f"/p/{POOL}/photos/") and (await site.profiles.expert(POOL, "ada")).photo == path
    for size, side in (("small", 64), ("medium", 192), ("large", 300)):
        got = await site.guest.get(path, params={"size": size})
        assert got.headers["content-type"] == "image/webp" and "immutable" in got.headers["cache-control"]
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["content-disposition"].startswith("attachment")
        assert got.headers["cross-origin-resource-policy"] == "cross-origin"
        assert Image.open(io.BytesIO(got.content)).size == (side, side) and b"CAMERA" not in got.content
    again = await site.guest.get(path, headers={"if-none-match": (await site.guest.get(path)).headers["etag"]})
    assert again.status_code == 304
    page = (await site.guest.get(f"/p/{POOL}/x/ada")).text
    assert f'src="{path}?size=medium"' in page and "Photo of Ada Quill" in page
    for wrong in (
        f"{path}?size=huge",
        f"{path}x",
        path.replace("/demo/", "/other/"),
        f"/p/{POOL}/photos/%00",
        path[:-1],
    ):
        assert (await site.guest.get(wrong)).status_code == 404
    second = (await ada.ask("PUT", f"{ADA}/photo", content=PHOTO)).json()["photo"]
    assert second != path and (await site.guest.get(path)).status_code == 404
    assert (await ada.ask("DELETE", f"{ADA}/photo")).status_code == 200
    assert (await site.guest.get(second)).status_code == 404
    assert 'class="photo initials" aria-hidden="true">AQ<' in (await site.guest.get(f"/p/{POOL}/x/ada")).text


@pytest.mark.claim("B3")
async def test_an_operators_testimonial_says_that_it_is_the_operators(site: PeopleSite) -> None:
    olga = await site.signed_in(("operator", "olga"))
    made = await olga.ask("POST", f"{ADA}/testimonials", json={"text": "Saved my <b>year</b>.", "by": "A reader"})
    assert made.status_code == 200
    page = (await site.guest.get(f"/p/{POOL}/x/ada")).text
    assert "Saved my &lt;b&gt;year&lt;/b&gt;." in page and "Entered by the operator of The demo line" in page
    ada = await site.signed_in(("expert", "ada"))
    assert len((await ada.get(f"{ADA}/profile")).json()["testimonials"]) == 1
    mine = f"{ADA}/testimonials/{made.json()['testimonial']}"
    for refused in (
        await ada.ask("DELETE", mine),
        await ada.ask("POST", f"{ADA}/testimonials", json={"text": "I", "by": "I"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    for body, code in (({"text": " ", "by": "x"}, "empty_text"), ({"text": "x" * 3000, "by": "x"}, "too_long")):
        assert (await olga.ask("POST", f"{ADA}/testimonials", json=body)).json()["code"] == code
    gone = [(await olga.ask("DELETE", mine)).status_code for _ in range(2)]
    assert gone == [200, 404] and "Saved my" not in (await site.guest.get(f"/p/{POOL}/x/ada")).text
    actions = [(one.action, one.object) for one in await audit_page(site.database, POOL)]
    assert actions[:2] == [("remove_testimonial", "expert:ada"), ("add_testimonial", "expert:ada")]


async def test_options_are_for_operators_checked_and_audited(site: PeopleSite) -> None:
    olga, ada = await site.signed_in(("operator", "olga")), await site.signed_in(("expert", "ada"))
    assert (await ada.get(OPTIONS)).status_code == 401
    assert (await ada.ask("PUT", OPTIONS, json={"visitors": True})).status_code == 401
    assert (await olga.get(OPTIONS)).json()["currency"] == "EUR"
    tree = ["Money", "Money/Taxes", "Health"]
    put = await olga.ask("PUT", OPTIONS, json={"currency": "JPY", "categories": tree})
    assert put.status_code == 200 and put.json()["categories"] == tree
    assert (await site.profiles.pool(POOL)).options == PoolOptions(currency="JPY", categories=tree)
    assert (await olga.ask("PUT", OPTIONS, json={"visitors": True})).json()["currency"] == "JPY"
    money: list[dict[str, object]] = [
        {"deposits": [50_001]}, {"deposits": []}, {"deposits": [0]}, {"fee_bps": 10_001}, {"minimum_minutes": 0},
    ]  # fmt: skip
    trees = ({"categories": tree} for tree in (["a//b"], ["a", "a"], ["a/b/c/d/e"], ["a "], [""]))
    for bad in ({"currency": "EURO"}, {"currency": "QQQ"}, {"nothing": 1}, {"feedback_after_s": -1}, *trees, *money):
        answer = await olga.ask("PUT", OPTIONS, json=bad)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), bad
    noted = [(one.actor, one.reason) for one in await audit_page(site.database, POOL) if one.action == "set_options"]
    assert noted == [("olga", "visitors"), ("olga", "currency, categories")]
    assert (await olga.ask("PUT", OPTIONS, json={"prepaid": True})).json()["fee_bps"] == 0
    async with site.database.begin() as tx:
        await ledger.deposit(tx, POOL, "uma", 5, "JPY", key="first", now=NOW())
    other = (await olga.ask("PUT", OPTIONS, json={"currency": "EUR"})).json()
    assert other["detail"] == "currency: amounts are booked in JPY here"
    assert (await olga.get(OPTIONS)).json()["currency"] == "JPY"
    assert "¥120" in (await site.guest.get(f"/p/{POOL}/x/ada")).text


async def test_previews_are_what_the_server_makes_of_it(site: PeopleSite) -> None:
    ada = await site.signed_in(("expert", "ada"))
    html = (await ada.ask("POST", f"{ADA}/biography-preview", json={"text": "# A\n*b* <script>"})).json()["html"]
    assert html == "<h3>A</h3>\n<p><em>b</em> &lt;script&gt;</p>\n"
    assert (await ada.ask("POST", f"{ADA}/biography-preview", json={"text": "x" * 10_001})).status_code == 400
    plan = {"hours": "daily 09:00-10:00", "timezone": "Asia/Tokyo", "exceptions": "", "holidays": ""}
    told = (await ada.ask("POST", f"{ADA}/hours-preview", json=plan)).json()
    assert len(told["windows"]) >= 13 and told["problem"] == "" and told["always"] is False
    wrong = (await ada.ask("POST", f"{ADA}/hours-preview", json=plan | {"hours": "someday"})).json()
    assert wrong["problem"] and not wrong["windows"]
    assert (await ada.ask("POST", f"{ADA}/hours-preview", json={"timezone": "UTC"})).json()["always"] is True
    countries = (await site.guest.get("/v1/holidays")).json()["countries"]
    germany = next(one for one in countries if one["code"] == "DE")
    assert any(part["code"] == "BY" for part in germany["subdivisions"])


async def test_two_who_save_at_once_both_keep_what_they_changed(either: PeopleSite) -> None:
    site = either
    ada, olga = await site.signed_in(("expert", "ada")), await site.signed_in(("operator", "olga"))
    answers = await asyncio.gather(
        ada.ask("PUT", f"{ADA}/profile", json={"headline": "Hers"}),
        olga.ask("PUT", f"{ADA}/profile", json={"rate": 77}),
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    kept = await site.profiles.expert(POOL, "ada")
    assert (kept.headline, kept.rate) == ("Hers", 77)
