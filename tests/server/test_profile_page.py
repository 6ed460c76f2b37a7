"""The profile page over HTTP: languages, caching, what it tells machines, and what it keeps to itself."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import websockets
from msgspec import structs
from websockets.typing import Origin, Subprotocol

from directory.expert import Expert, PoolOptions
from server.web import profile_view as view
from server.web.rendering import preferred
from sessions.feedback import store as feedback
from tests.server.people_site import ADA, NOW, POOL, PeopleSite, people_site

PAGE = f"/p/{POOL}/x/ada"
EXPERT = f"/v1/pools/{POOL}/experts/ada"
AT = 1_800_000_000_000  # Friday, 15 January 2027, 08:00 UTC
HOUR = 3_600_000
DAY = 24 * HOUR
VOID = {"meta", "link", "img", "br", "hr", "input"}


@pytest.fixture
async def site(store_url: str, tmp_path: Path) -> AsyncIterator[PeopleSite]:
    async with people_site(store_url, f"sqlite:///{tmp_path}/openline.db", tmp_path) as running:
        yield running


async def rated(site: PeopleSite, *stars: int, hidden: int = -1) -> None:
    """Feedback, one a day, the newest first; `hidden` is the one that an operator hid."""
    async with site.database.begin() as tx:
        for number, count in enumerate(stars):
            row = {
                "pool": POOL, "session": f"s{number}", "feedback": f"f{number}", "expert": "ada",
                "user": f"user-{number}", "op": f"o{number}", "stars": count, "text": f"Opinion {number}.",
                "may_teach": False,
                "at": NOW() - number * DAY, "answer": "", "answered_at": 0, "answer_op": "", "pinned": 0,
                "hidden": number == hidden, "hidden_reason": "SECRET-REASON" if number == hidden else "",
            }  # fmt: skip
            await feedback.add(tx, row)


class Items(HTMLParser):
    """The microdata of a page: every property with its values. Raises where tags don't close in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.types: list[str] = []
        self._open: list[tuple[str, str]] = []
        self.feed(html)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("itemprop") or ""
        if "itemtype" in given:
            self.types.append(str(given["itemtype"]).removeprefix("https://schema.org/"))
        elif name and (value := given.get("content") or given.get("datetime") or given.get("src")):
            self.values.setdefault(name, []).append(value)
        if tag not in VOID:
            self._open.append((tag, name))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][1] and data.strip():
            self.values.setdefault(self._open[-1][1], []).append(data.strip())


@pytest.mark.claim("A11", "B5", "B6")
async def test_machines_read_the_page_too(site: PeopleSite) -> None:
    await rated(site, 5, 4, 5)
    got = await site.guest.get(PAGE)
    found = Items(got.text)
    assert found.types[:2] == ["ProfessionalService", "Person"] and "AggregateRating" in found.types
    assert found.values["ratingCount"] == ["3"] and found.values["reviewBody"][0] == "Opinion 0."
    assert found.values["knowsLanguage"][:1] == ["en"] and found.values["knowsAbout"] == ["Money \u203a Taxes"]
    assert f'<link rel="canonical" href="{site.origin}{PAGE}">' in got.text
    assert '<html lang="en" dir="ltr">' in got.text
    assert f'href="/p/{POOL}?category=Money%2FTaxes"' in got.text
    assert not re.search(r"<script(?! type=\"module\" src=)|<style| style=| on[a-z]+=", got.text), "nothing inline"
    assert "user-" not in got.text and "line.example" not in got.text


@pytest.mark.claim("A10")
async def test_each_mode_has_its_price_where_the_pool_charges(site: PeopleSite) -> None:
    free = await site.guest.get(PAGE)
    assert "per minute" not in free.text and "Free of charge" not in free.text and "Offer" not in free.text
    await site.profiles.put_options(POOL, PoolOptions(prepaid=True, currency="KWD", free_minutes=2))
    await site.profiles.put_experts(POOL, [structs.replace(ADA, mode_rates={"audio": 1500})])
    text = (await site.guest.get(PAGE)).text
    assert "KWD0.120 per minute" in text and "KWD1.500 per minute" in text and "first 2 min" in text
    found = Items(text)
    assert found.types.count("Offer") == found.types.count("UnitPriceSpecification") == 2
    assert (found.values["price"], found.values["priceCurrency"]) == (["0.120", "1.500"], ["KWD", "KWD"])
    assert found.values["unitCode"] == ["MIN", "MIN"]
    async with asyncio.timeout(20):
        while "from KWD0.120 per minute" not in (listed := (await site.guest.get(f"/p/{POOL}?lang=en")).text):
            await asyncio.sleep(0.2)
    assert listed.count("Free of charge") == 1, "Bob's"


async def test_the_page_speaks_the_readers_language_and_is_kept_by_its_etag(site: PeopleSite) -> None:
    await site.profiles.put_options(POOL, PoolOptions(prepaid=True))
    german = await site.guest.get(PAGE, headers={"accept-language": "fr;q=0.9, de-AT;q=0.8, en;q=0.1"})
    assert '<html lang="de" dir="ltr">' in german.text and "1,20\xa0€ pro Minute" in german.text
    assert german.headers["vary"] == "accept-language" and german.headers["cache-control"] == "no-cache"
    arabic = await site.guest.get(f"{PAGE}?lang=ar", headers={"accept-language": "de"})
    assert '<html lang="ar" dir="rtl">' in arabic.text
    assert '<html lang="en"' in (await site.guest.get(f"{PAGE}?lang=%00%22", headers={"accept-language": "*"})).text
    again = {"accept-language": "de", "if-none-match": german.headers["etag"]}
    assert (await site.guest.get(PAGE, headers=again)).status_code == 304
    await site.profiles.put_experts(POOL, [structs.replace(ADA, headline="Other")])
    assert "Other" in (await site.guest.get(PAGE, headers=again)).text


async def test_hidden_feedback_is_nowhere_and_pages_follow_each_other(site: PeopleSite) -> None:
    await rated(site, *([5] * 23), hidden=3)
    first = (await site.guest.get(PAGE)).text
    assert "Opinion 3." not in first and "SECRET-REASON" not in first and "22 ratings" in first
    seen, path = [], PAGE
    for _ in range(5):
        text = (await site.guest.get(path)).text
        seen += re.findall(r"Opinion (\d+)\.", text)
        link = re.search(r'rel="next" href="([^"]+)"', text)
        if link is None:
            break
        path = link[1].replace("&amp;", "&")
    assert seen == [str(number) for number in range(23) if number != 3]
    for before in ("x", "-1", "9" * 40, "1", "%00", "٣"):
        assert (await site.guest.get(f"{PAGE}?before={before}")).status_code == 200


@pytest.mark.claim("B3")
async def test_an_expert_pins_real_feedback(site: PeopleSite) -> None:
    await rated(site, 5, 4, 1, hidden=2)
    ada, olga = await site.signed_in(("expert", "ada")), await site.signed_in(("operator", "olga"))
    pinned = await ada.ask("PUT", f"{EXPERT}/testimonials", json={"pinned": ["f1"]})
    assert [one["feedback"] for one in pinned.json()["pinned"]] == ["f1"]
    page = (await site.guest.get(PAGE)).text
    assert "Feedback of a user, chosen by Ada Quill" in page and page.count("Opinion 1.") == 2
    for wrong in (["f2"], ["nobody"], ["f1", "f1"]):
        answer = await ada.ask("PUT", f"{EXPERT}/testimonials", json={"pinned": wrong})
        assert answer.json()["code"] == "no_such_feedback"
    assert (await olga.ask("PUT", f"{EXPERT}/testimonials", json={"pinned": []})).status_code == 403
    await ada.ask("PUT", f"{EXPERT}/testimonials", json={"pinned": []})
    assert "chosen by" not in (await site.guest.get(PAGE)).text


async def test_there_is_no_page_of_nobody(site: PeopleSite) -> None:
    for path in (f"/p/{POOL}/x/nobody", "/p/none/x/ada", f"/p/{POOL}/x/%00", f"/p/{POOL}/x/%22%3E%3Cscript%3E"):
        got = await site.guest.get(path)
        assert got.status_code == 404 and "There is no such page here" in got.text and "<script" not in got.text


@pytest.mark.claim("A11")
async def test_a_change_reaches_open_pages_at_once(site: PeopleSite) -> None:
    ada = await site.signed_in(("expert", "ada"))
    spoken = [Subprotocol("openline.v1.json")]
    url = f"ws://127.0.0.1:{site.port}/v1/ws"
    async with websockets.connect(url, subprotocols=spoken, origin=Origin(site.origin)) as ws:
        await ws.send(json.dumps({"t": "hello", "id": 1, "pool": POOL}))
        await ws.send(json.dumps({"t": "watch", "id": 2, "experts": ["ada"]}))

        async def told(kind: str) -> Any:
            async with asyncio.timeout(20):
                while (message := json.loads(await ws.recv()))["t"] != kind:
                    assert message["t"] != "refused", message
            return message

        await told("snapshot")
        await ada.ask("PUT", f"{EXPERT}/profile", json={"headline": "Seen at once"})
        profile = (await told("profile_news"))["profile"]
        assert profile["headline"] == "Seen at once" and "email" not in profile


@pytest.mark.claim("B5")
@pytest.mark.parametrize(
    ("started_on", "shown"),
    [("2020-01-15", "7 years"), ("2020-01-16", "6 years"), ("2026-01-15", "1 year"), ("2026-01-16", "11 months"),
     ("2027-01-14", "1 month"), ("2027-01-16", ""), ("", ""), ("1960-02-29", "66 years")],
)  # fmt: skip
def test_length_of_service(started_on: str, shown: str) -> None:
    assert view.service("en", started_on, AT, "UTC") == shown


@pytest.mark.claim("B5")
def test_length_of_service_in_every_language() -> None:
    assert [view.service(language, "2019-05-31", AT, "UTC") for language in ("de", "es", "ar")] == [
        "7 Jahre", "7 años", "7 سنوات",
    ]  # fmt: skip


def test_a_week_of_hours() -> None:
    """Over midnight with the day of its beginning; whole days by name; across the change of the clocks by the wall."""

    def spans(row: dict[str, list[str]]) -> list[str]:
        return [span.replace(" \u2013 ", "-") for span in row["spans"]]

    rows = view.week("de", [(AT + 13 * HOUR, AT + 18 * HOUR), (AT + 2 * DAY, AT + 4 * DAY)], AT, "Europe/Berlin")
    assert [spans(row) for row in rows[:6]] == [
        ["22:00-03:00"], [], ["09:00-00:00"], ["Ganztägig"], ["00:00-09:00"], [],
    ]  # fmt: skip
    spring = 1_774_670_400_000  # Saturday, 28 March 2026, 04:00 UTC: the clocks go forward in the night
    rows = view.week("de", [(spring, spring + 2 * DAY)], spring, "Europe/Berlin")
    assert [spans(row) for row in rows[:3]] == [["05:00-00:00"], ["Ganztägig"], ["00:00-06:00"]]
    assert len(rows) == 7 and rows[1]["day"] == "2026-03-29"


def test_names_of_languages_and_prices() -> None:
    assert [view.language_name(tag, "de") for tag in ("en", "pt-BR", "DE", "qq", "x1")] == [
        "Englisch", "Portugiesisch (Brasilien)", "Deutsch", "qq", "x1",
    ]  # fmt: skip
    currency = PoolOptions().currency
    assert view.price("es", 0, currency) == "Gratis" and view.price("en", 5, "BHD") == "BHD0.005 per minute"
    assert view.prices("de", {"chat": 90, "audio": 0}, "EUR") == [
        {"mode": "Chat", "text": "0,90\xa0€ pro Minute", "amount": "0.90"},
        {"mode": "Audioanruf", "text": "Kostenlos", "amount": "0.00"},
    ]
    assert [one["mode"] for one in view.prices("ar", {"chat": 9, "audio": 9}, "JPY")] == [""]


def test_the_languages_that_a_browser_prefers() -> None:
    assert preferred("de;q=0.5, en, es;q=0.7") == ["en", "es", "de"]
    assert preferred("*, ;q=, x y;q=1, de;q=zero, fr;q=0, ar-EG") == ["ar-EG"]
    assert preferred(",".join(["de"] * 5000))[:1] == ["de"]


async def test_the_directory_lists_its_experts_without_a_script_too(site: PeopleSite) -> None:
    await site.profiles.put_experts(POOL, [Expert(expert=f"e{n:03}", name=f"E {n:03}") for n in range(150)])
    directory = f"/p/{POOL}"
    while "E 001" not in (first := await site.guest.get(directory)).text:
        await asyncio.sleep(0.1)  # the process reads the directory again every few seconds
    assert "<title>The demo line</title>" in first.text and f'href="{directory}/x/ada"' in first.text
    assert first.text.count("<li>") == 100 and "openline.js" in first.text
    more = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert more and (await site.guest.get(more[1])).text.count("<li>") == 52
    narrow = await site.guest.get(f"{directory}?category=Money")
    assert narrow.text.count("<li>") == 1 and "Ada Quill" in narrow.text
    for odd in ("?page=99", "?page=-1", "?page=x", "?category=%00%22%3E%3Cscript%3E", "?category=" + "x" * 500):
        got = await site.guest.get(directory + odd)
        assert got.status_code == 200 and "<script>" not in got.text
    assert (await site.guest.get("/p/nowhere")).status_code == 200, "the applet says that there is none"
