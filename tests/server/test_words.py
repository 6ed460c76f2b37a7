"""The words of pages and mails: every language has every text, with the same places for values."""

import pytest
from babel import Locale

from server.mail_texts import written
from server.web.words import LANGUAGES, PLACE, chosen, day, moment, money, number, text, words

NOW = 1_800_000_000_000  # 15 January 2027, 08:00 UTC


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_places(language: str) -> None:
    english, there = words("en"), words(language)
    assert sorted(there) == sorted(english)
    for key, found in there.items():
        meant = english[key]
        assert isinstance(found, dict) == isinstance(meant, dict), key
        forms = found.values() if isinstance(found, dict) else [found]
        expected = set(PLACE.findall(meant["other"] if isinstance(meant, dict) else meant))
        for form in forms:
            assert form.strip(), key
            assert set(PLACE.findall(form)) == expected, key
            assert "{" not in PLACE.sub("", form), key
        if isinstance(found, dict):
            assert set(found) == set(Locale.parse(language).plural_form.tags) | {"other"}, key


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_nothing_is_left_in_english(language: str) -> None:
    english = words("en")
    left = [key for key, found in words(language).items() if key.startswith("mail.") and found == english[key]]
    assert not left


def test_a_text_is_filled_once_and_counts_in_the_plural_of_its_language() -> None:
    assert text("en", "mail.message.subject", name="{pool}", pool="Acme") == "A message from {pool} through Acme"
    assert "1 minute." in text("en", "mail.sign_in.text", pool="Acme", link="x", count=1)
    assert "1.500 Minuten" in text("de", "mail.sign_in.text", pool="Acme", link="x", count=1500)
    assert "دقائق" in text("ar", "mail.sign_in.text", pool="Acme", link="x", count=5)
    for missing in (lambda: text("en", "mail.none"), lambda: text("fr", "mail.footer", pool="Acme")):
        with pytest.raises(KeyError):
            missing()
    with pytest.raises(KeyError):
        text("en", "mail.message.subject", pool="Acme")


def test_the_language_is_the_first_that_we_speak() -> None:
    assert chosen("pt-BR", "de-AT", "es") == "de"
    assert chosen("", "fr") == "en"
    assert chosen("AR") == "ar"
    assert chosen("not a tag at all", "es_MX") == "es"


def test_times_and_money_are_those_of_the_reader() -> None:
    assert moment("en", NOW, "America/New_York") == "January 15, 2027, 03:00 EST"
    assert moment("de", NOW, "Europe/Berlin") == "15. Januar 2027, 09:00 MEZ"
    assert day("es", NOW, "Pacific/Auckland") == "15 de enero de 2027"
    assert money("de", 1250, "EUR") == "12,50\xa0€"
    assert money("en", 1250, "JPY") == "¥1,250"
    assert number("de", 4.25) == "4,2"


def test_a_subject_is_one_short_line_whatever_people_call_themselves() -> None:
    name = "Bob\r\nBcc: eve@mail.example\u2028" + "x" * 100
    mail = written("en", "message", pool="Acme", expert="Ada", name=name, at="now", message="m", address="a", link="l",
                   checked="c")  # fmt: skip
    assert mail.subject.splitlines() == [mail.subject]
    assert mail.subject.endswith("… through Acme")
    assert mail.text.endswith("\n\n-- \nAcme · sent by Openline\n")
