"""From text to terms and from a question to what is looked for: pure, so checked with whatever text there is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.index.languages import ALGORITHMS, STOP_WORDS, likely
from directory.index.words import ASKED_MAX, chat_terms, fold, misspelt, question, term, terms_of, written_in

ANY = st.text(max_size=300)


@given(ANY, st.lists(st.sampled_from(sorted(ALGORITHMS)), max_size=3))
def test_terms_are_small_letters_and_digits_only(text: str, languages: list[str]) -> None:
    for found in terms_of(text, languages) + chat_terms(text, languages):
        assert re.fullmatch(r"[a-z0-9]+", found)


@given(ANY)
def test_a_text_is_found_by_itself(text: str) -> None:
    indexed = set(terms_of(text, ["en", "de"], whole=True))
    for asked in question(text, ["en", "de"]):
        assert indexed & set(asked.terms)


@given(ANY)
def test_a_question_has_few_words_and_each_once(text: str) -> None:
    asked = question(text, ["en"])
    assert len(asked) <= ASKED_MAX
    assert len({one.terms for one in asked}) == len(asked)


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_no_two_words_are_written_down_alike(one: str, other: str) -> None:
    assert (term(one) == term(other)) is (one == other)


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("Straße", "strasse"),
        ("ÇA", "ca"),
        ("naïve", "naive"),
        ("\uff21\uff22\uff23", "abc"),
        ("أحمد", "احمد"),
        ("Łódź", "łodz"),
    ],
)
def test_accents_and_cases_are_folded(typed: str, same: str) -> None:
    assert fold(typed) == fold(same)


def test_signs_that_make_a_word_stay_with_it() -> None:
    assert terms_of("C++", ["en"]) != terms_of("C", ["en"]) != terms_of("C#", ["en"])
    assert terms_of("C++.", ["en"]) == terms_of("c++", ["en"])
    assert terms_of("the client's", ["en"]) == terms_of("client", ["en"])


def test_writing_without_spaces_is_taken_in_pairs() -> None:
    assert set(terms_of("税务", ["en"])) < set(terms_of("提供税务咨询", ["en"]))


def test_only_the_last_word_is_still_being_typed() -> None:
    assert [one.typing for one in question("tax retur", ["en"])] == [False, True]
    assert [one.typing for one in question("tax retur ", ["en"])] == [False, False]


def test_the_language_of_a_text_is_told_by_its_function_words() -> None:
    assert written_in("Ich brauche Hilfe mit der Steuer", ["en", "de-AT", "es"]) == ["de"]
    assert written_in("who can help me with this", ["de", "en"]) == ["en"]
    assert written_in("Steuer", ["de", "en", "tlh"]) == ["de", "en"]
    assert written_in("qua", ["tlh"]) == ["en"]
    assert likely([], ["en", "fi"]) == ["en", "fi"]


def test_a_slip_is_one_letter_away() -> None:
    near = misspelt("tax")
    assert {"ax", "atx", "tux", "taxi"} <= set(near)
    assert "tax" not in near


def test_languages_and_function_words_fit_together() -> None:
    assert STOP_WORDS.keys() <= ALGORITHMS.keys()
    for code in ALGORITHMS:
        assert terms_of("water", [code])
