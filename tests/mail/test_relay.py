"""The address of the mail server, and mail addresses."""

import pytest

from ground.errors import Refusal
from mail.address import mailbox, normal, same
from mail.relay import Relay, parse_relay


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://mail.example", Relay(host="mail.example", port=587, tls="starttls")),
        ("smtps://mail.example", Relay(host="mail.example", port=465, tls="implicit")),
        ("smtp://mail.example:25?starttls=never", Relay(host="mail.example", port=25, tls="never")),
        ("smtp://localhost:1025", Relay(host="localhost", port=1025, tls="never")),
        ("smtp://127.0.0.1:1025/?starttls=always", Relay(host="127.0.0.1", port=1025, tls="starttls")),
        ("smtp://[::1]:1025", Relay(host="::1", port=1025, tls="never")),
        (
            "smtp://me%40line.example:p%3Aa%2Fss@mail.example",
            Relay(host="mail.example", port=587, tls="starttls", user="me@line.example", password="p:a/ss"),
        ),
        ("smtp://me:pw@localhost", Relay(host="localhost", port=587, tls="never", user="me", password="pw")),
    ],
)
def test_an_address_says_how_the_mail_server_is_spoken_to(url: str, relay: Relay) -> None:
    assert parse_relay(url) == relay


WRONG = [
    "", "mail.example:25", "http://mail.example", "smtp://", "smtp://mail.example:99999", "smtp://mail.example/box",
    "smtp://mail.example?starttls=maybe", "smtp://mail.example?tls=no", "smtps://mail.example?starttls=never",
    "smtp://me@mail.example", "smtp://:s3cret@mail.example", "smtp://me:s3cret@mail.example?starttls=never",
    "smtp://me:s3cret%0d@mail.example", "smtp://me:s3cret@mail.example:port", "smtp://[me:s3cret@mail.example",
]  # fmt: skip


@pytest.mark.parametrize("url", WRONG)
def test_a_wrong_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as refused:
        parse_relay(url)
    assert "s3cret" not in str(refused.value)


def test_a_relay_shows_no_password() -> None:
    assert "s3cret" not in repr(parse_relay("smtp://me:s3cret@mail.example"))


def test_an_address_has_one_spelling() -> None:
    assert normal(" Bob.B+x@MAIL.Example ") == "Bob.B+x@mail.example"
    assert normal("bob@bücher.example") == "bob@xn--bcher-kva.example"
    assert same(normal("Bob@mail.example")) == same(normal("bob@MAIL.example"))


def test_a_sender_may_have_a_name() -> None:
    assert str(mailbox("Openline <no-reply@line.example>")) == "Openline <no-reply@line.example>"
    assert mailbox("no-reply@line.example").display_name == ""
    for wrong in ("", "Openline", "a@line.example, b@line.example", "A <a@line.example>\r\nBcc: b@line.example"):
        with pytest.raises(ValueError, match=r"\w"):
            mailbox(wrong)
    with pytest.raises(Refusal):
        normal("A <a@line.example>")
