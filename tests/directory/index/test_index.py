"""Experts found by words, on SQLite and PostgreSQL alike."""

import asyncio

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from directory.index import store
from ground.sql import Database
from tests.directory.index.shelf import Shelf, expert

TOWN = [
    expert("ada", "I prepare tax returns for small companies.", "Money/Taxes", headline="Accountant"),
    expert("bob", "Leaking pipes, boilers and heating.", "Home/Plumbing", headline="Plumber"),
    expert("eve", "I repair bicycles. I once had a tax problem.", "Bikes", headline="Mechanic"),
    expert("gül", "Vergi beyannamesi ve muhasebe", "Para", languages="tr"),
    expert("jan", "Steuererklärungen für Vereine; Bücher führen", "Finanzen", languages="de en"),
    expert("mía", "Declaración de la renta, impuestos y autónomos", "Impuestos", languages="es"),
    expert("nur", "أقدم استشارات في الضرائب والمحاسبة للشركات", "مال", languages="ar"),
    expert("zoé", "Déclarations d'impôts et comptabilité", "Fiscalité", languages="fr"),
]


@pytest.fixture
async def town(database: Database) -> Shelf:
    shelf = Shelf(database)
    await shelf.put(*TOWN)
    return shelf


QUESTIONS = [
    ("who can help me with my taxes?", "ada"),
    ("a pipe is leaking", "bob"),
    ("Steuererklärung für einen Verein", "jan"),
    ("steuererklaerung", "jan"),
    ("declaracion de impuestos", "mía"),
    ("un autónomo", "mía"),
    ("أريد استشارة لشركتي", "nur"),
    ("محاسبة", "nur"),
    ("declaration d'impots", "zoé"),
    ("vergiler", "gül"),
    ("BICYCLE", "eve"),
    ("Zoe", "zoé"),
    ("plumbing", "bob"),
    ("taxes", "ada"),
]


@pytest.mark.claim("B16")
async def test_a_question_finds_who_answers_it_in_their_language(town: Shelf) -> None:
    for question, first in QUESTIONS:
        assert (await town.found(question))[:1] == [first], question


async def test_what_is_found_is_told_in_the_words_of_the_question_and_where(town: Shelf) -> None:
    assert await town.why("My TAXES, please!", "ada") == [("TAXES", "expertise"), ("TAXES", "biography")]
    assert await town.why("my taxes, accountants", "eve") == [("taxes", "biography")]
    assert set(await town.why("ada the accountant", "ada")) == {("ada", "name"), ("accountant", "headline")}


async def test_words_that_say_nothing_find_nobody_unless_there_are_no_others(town: Shelf) -> None:
    assert await town.found("can you help me with the") == []
    assert await town.found("") == []
    assert await town.found("?!*\"' -- ()") == []
    await town.put(expert("ivy", "Networks", "IT"), expert("who", "A clinic"))
    assert await town.found("IT for me") == ["ivy"]
    assert await town.found("who") == ["who"]


async def test_a_word_being_typed_is_completed_and_a_slip_of_the_hand_forgiven(town: Shelf) -> None:
    assert await town.found("leaking pi") == ["bob"]
    assert await town.found("bic") == ["eve"]
    assert await town.found("bic ") == [], "whoever goes on to the next word has said this one"
    assert await town.found("plubming") == ["bob"]
    assert await town.found("boilrs ") == ["bob"]


async def test_a_word_made_of_two_is_found_by_them(database: Database) -> None:
    shelf = Shelf(database)
    await shelf.put(
        expert("jan", "Ich helfe bei der Steuer und prüfe jede Erklärung", languages="de"),
        expert("kai", "Rechte von Mietern und Streit um Verträge", languages="de"),
        expert("lou", "Steuerräder für Boote", languages="de"),
    )
    assert await shelf.found("Steuererklärung") == ["jan"]
    assert await shelf.why("Mietervertrag", "kai") == [("Mietervertrag", "biography")]
    assert await shelf.found("Gartenzwerg") == []


async def test_more_finds_and_better_places_rank_higher(database: Database) -> None:
    shelf = Shelf(database)
    filler = "Long experience with many things and people in many places. " * 3
    await shelf.put(
        expert("tag", filler, "Roses"),
        expert("line", filler, headline="Roses"),
        expert("often", filler + "Roses, roses and again roses."),
        expert("once", filler + "Roses."),
        expert("long", filler * 9 + "Roses."),
        *(expert(f"other{n}", filler + "Tulips") for n in range(20)),
    )
    assert await shelf.found("roses") == ["tag", "line", "often", "once", "long"]
    assert [hit.relevance for hit in await shelf.hits("roses")] == sorted(
        (hit.relevance for hit in await shelf.hits("roses")), reverse=True
    )
    assert (await shelf.found("tulips and roses"))[0] == "tag", "what is rare says more than what many have"


@pytest.mark.claim("B32")
async def test_an_expert_who_solved_it_before_ranks_higher_and_no_word_of_the_chat_is_shown(database: Database) -> None:
    shelf = Shelf(database)
    await shelf.put(*(expert(name, "I repair boilers.") for name in ("amy", "ben", "cat")))
    assert await shelf.found("boiler makes noise") == ["amy", "ben", "cat"]
    await shelf.chat("ben", "s1", "My boiler makes a gurgling noise. — Bleed the radiators, Mr Smith.")
    hits = await shelf.hits("boiler makes noise")
    assert [hit.expert for hit in hits] == ["ben", "amy", "cat"]
    assert set(hits[0].words) == {
        ("boiler", "biography"), ("boiler", "chats"), ("makes", "chats"), ("noise", "chats"),
    }  # fmt: skip
    assert "gurgling" not in str(hits) and "smith" not in str(hits).lower()


async def test_chats_leave_with_their_session_their_user_and_nothing_else(database: Database) -> None:
    shelf = Shelf(database)
    await shelf.put(expert("ben", "Boilers"))
    await shelf.chat("ben", "s1", "gurgling radiator", "u1")
    await shelf.chat("ben", "s1", "said twice: squeaking", "u1")
    await shelf.chat("ben", "s2", "whistling radiator", "u2")
    await shelf.chat("ben", "s3", "hissing valve", "u2")
    assert await shelf.found("squeaking") == [], "a session teaches once"
    assert await shelf.found("gurgling") == await shelf.found("hissing") == ["ben"]
    async with database.begin() as tx:
        await shelf.index.forget_chat(tx, "p", "s1")
    assert await shelf.found("gurgling ") == []
    assert await shelf.found("radiator") == ["ben"]
    async with database.begin() as tx:
        await shelf.index.forget_user(tx, "p", "u2")
    assert await shelf.found("radiator ") == await shelf.found("hissing ") == []
    assert await shelf.found("boilers") == ["ben"]
    async with database.read() as tx:
        assert (await tx.execute(sa.select(store.chats))).all() == []
        assert {row.term for row in await tx.execute(sa.select(store.words))} == {"ben", "boiler"}


async def test_a_chat_teaches_neither_numbers_nor_addresses_nor_its_order(database: Database) -> None:
    shelf = Shelf(database)
    await shelf.put(expert("ben", "Boilers"))
    await shelf.chat(
        "ben", "s1", "zinc anode: mail me at zoe.berg@example.org, call 0171-555 or see https://berg.example/a"
    )
    async with database.read() as tx:
        kept = (await tx.execute(sa.select(store.chats.c.terms))).scalar_one()
    assert kept.split() == ["anod", "call", "mail", "see", "zinc"]


async def test_chats_wait_for_an_expert_who_is_not_indexed_yet_and_stay_when_the_profile_changes(
    database: Database,
) -> None:
    shelf = Shelf(database)
    await shelf.chat("ben", "s1", "gurgling")
    assert await shelf.found("gurgling") == []
    await shelf.put(expert("ben", "Boilers"))
    assert await shelf.found("gurgling") == ["ben"]
    await shelf.put(expert("ben", "Heating"))
    assert await shelf.found("gurgling") == await shelf.found("heating") == ["ben"]
    assert await shelf.found("boilers ") == []


async def test_putting_again_and_removing_leave_no_trace(town: Shelf) -> None:
    async def books() -> list[object]:
        async with town.db.read() as tx:
            rows = [list(await tx.execute(sa.select(t).order_by(*t.primary_key))) for t in (store.words, store.pools)]
            count = (await tx.execute(sa.text("SELECT count(*) FROM index_fts"))).scalar_one()
        return [*rows, count]

    before = await books()
    await town.put(*TOWN)
    await town.put(expert("new", "Something else, with tax"), expert("ada", "Changed"))
    await town.put(TOWN[0])
    await town.remove("new", "nobody")
    assert await books() == before
    await town.remove(*(one.expert for one in TOWN))
    assert await town.found("tax") == []
    async with town.db.read() as tx:
        assert (await tx.execute(sa.select(store.words))).all() == []


async def test_pools_know_nothing_of_each_other(database: Database) -> None:
    one, other = Shelf(database, "p"), Shelf(database, "p2")
    await one.put(expert("ada", "Taxes"))
    await other.put(expert("bob", "Taxes"), expert("ada", "Pipes"))
    assert await one.found("taxes") == ["ada"]
    assert await other.found("taxes") == ["bob"]
    assert await Shelf(database, "P").found("taxes") == []


async def test_only_those_asked_for_are_found(town: Shelf) -> None:
    hits = await town.index.search("p", "tax", keep=lambda name: name != "ada")
    assert [hit.expert for hit in hits] == ["eve"]
    assert len(await town.hits("tax", limit=1)) == 1


async def test_writers_at_once_lose_nothing(database: Database) -> None:
    shelf = Shelf(database)
    await shelf.put(expert("ben", "Boilers"))
    await asyncio.gather(
        *(shelf.chat("ben", f"s{n}", f"radiator {'abcdefgh'[n]}word") for n in range(8)),
        *(shelf.put(expert(f"x{n}", "radiator")) for n in range(8)),
    )
    async with database.read() as tx:
        pool = (await tx.execute(sa.select(store.pools))).one()
        radiators = await store.frequencies(tx, "p", ["radiat"])
    assert pool.experts == radiators["radiat"] == 9
    assert all([await shelf.found(f"{letter}word") == ["ben"] for letter in "abcdefgh"])


HOSTILE = st.text(
    st.one_of(
        st.sampled_from(list("\"'*()^:+-{}&|!<>\\%_;\x00\x1f\ufffd\u202e\u200f\u0301٣ \n\U0001f600")),
        st.characters(codec="utf-8"),
    ),
    max_size=500,
)
PHRASES = st.lists(
    st.one_of(
        HOSTILE,
        st.sampled_from(["AND", "OR", "NOT", "NEAR(tax", "NEAR/2", "name:", "tax*", '"', "'", "{name} :", "^tax", "-t",
                         "<->", "!", "tax:*A", "') --", "; DROP TABLE index_fts", "\x00", "عربي", "税务", "C++", "'s"]),
    ),
    max_size=8,
).map(lambda parts: " ".join(parts)[:500])  # fmt: skip


async def test_no_question_breaks_the_syntax_and_none_finds_what_it_does_not_say(town: Shelf) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(PHRASES)
    def ask(question: str) -> None:
        hits = asyncio.run_coroutine_threadsafe(town.hits(question), loop).result(30)
        for hit in hits:
            assert 0 < hit.relevance <= 1
            assert hit.words

    await asyncio.to_thread(ask)


async def test_any_text_may_be_indexed_and_is_found_by_its_own_words(database: Database) -> None:
    shelf, loop = Shelf(database), asyncio.get_running_loop()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(HOSTILE, st.sampled_from(["en", "de en", "ar", "xx", ""]))
    def put(text: str, languages: str) -> None:
        async def work() -> None:
            await shelf.put(expert("ann", text, "marker", languages=languages))
            assert await shelf.found("marker") == ["ann"]
            longest = max(text.split(), key=len, default="")
            for hit in await shelf.hits(longest):
                assert hit.expert == "ann"

        asyncio.run_coroutine_threadsafe(work(), loop).result(30)

    await asyncio.to_thread(put)
