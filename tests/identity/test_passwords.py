"""Passwords: which are taken, and that comparing tells nothing but yes or no."""

import asyncio
import statistics
import time

import pytest

from ground.errors import Refusal
from identity.passwords import WAITING_MAX, Passwords, check, needs_rehash


@pytest.mark.parametrize("word", ["correct horse battery", "ÄÖÜäöüß€µ…", "x9!kLm2#Qp", "a" * 5 + "bcdef" * 50])
def test_long_words_of_one_s_own_are_taken(word: str) -> None:
    check(word, "uma@line.example", "Uma")


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("", "password_short"),
        ("x9!kLm2#Q", "password_short"),
        ("x9" * 129, "password_long"),
        ("aaaaaaaaaaaa", "password_guessable"),
        ("1234567890", "password_guessable"),
        ("0987654321", "password_guessable"),
        ("qwertyuiop", "password_guessable"),
        ("Password1234", "password_guessable"),
        ("passwordpassword", "password_guessable"),
        ("UMA@line.example", "password_guessable"),
        ("uma.of.the.line", "password_guessable"),
        (" Uma Umarsson ", "password_guessable"),
    ],
)
def test_what_is_tried_first_is_refused_by_name(word: str, code: str) -> None:
    with pytest.raises(Refusal, match=code):
        check(word, "uma@line.example" if "@" in word else "uma.of.the.line@line.example", "uma umarsson")


async def test_a_hash_is_of_one_word_and_never_the_same_twice() -> None:
    words = Passwords()
    one, two = await words.hash("correct horse battery"), await words.hash("correct horse battery")
    assert one != two and one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await words.matches(one, "correct horse battery")
    assert not await words.matches(one, "correct horse batterz")
    assert await words.matches(await words.hash("e\u0301clair au chocolat"), "éclair au chocolat")
    assert not needs_rehash(one)
    assert needs_rehash("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ")


async def test_where_there_is_no_password_none_fits_and_it_takes_as_long_to_say() -> None:
    words = Passwords()
    known = await words.hash("correct horse battery")
    took: dict[str, list[float]] = {known: [], "": []}
    for _ in range(15):
        for stored, times in took.items():
            began = time.perf_counter()
            assert not await words.matches(stored, "a wrong guess")
            times.append(time.perf_counter() - began)
    one, other = (statistics.median(times) for times in took.values())
    assert min(one, other) > max(one, other) / 3, "the same hash is made in both cases"


async def test_no_hash_stops_the_loop_and_too_many_are_turned_away() -> None:
    words = Passwords()
    asked = [asyncio.create_task(words.hash(f"correct horse {n}")) for n in range(WAITING_MAX + 3)]
    turns = 0
    while not all(task.done() for task in asked[:4]):
        await asyncio.sleep(0.001)
        turns += 1
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert turns > 2
    assert [answer.code for answer in answers if isinstance(answer, Refusal)] == ["rate_limited"] * 3
