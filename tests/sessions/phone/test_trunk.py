"""Settings of a trunk: what is right is read, what is wrong is named, and the secret is never shown."""

import traceback
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.phone.trunk import Trunk, TrunkProblem, trunk_of

SECRET = "hush-hush 42"


def read(text: str, secret: str = SECRET) -> Trunk:
    trunk = trunk_of({"OPENLINE_SIP_TRUNK": text, "OPENLINE_SIP_SECRET": secret})
    assert trunk
    return trunk


def test_without_one() -> None:
    assert trunk_of({}) is None
    with pytest.raises(TrunkProblem, match="set OPENLINE_SIP_TRUNK"):
        trunk_of({"OPENLINE_SIP_SECRET": SECRET})


def test_all_of_it() -> None:
    trunk = read(
        "sip:acme@trunk.example:5071;transport=tls;srtp=mandatory;realm=voice.example;auth=acme-7;caller=+4930123456"
        ";format=00;codecs=PCMU;local=192.0.2.7;ca=/etc/ca.pem;lines=20;ring=45;lost=9;rtp=20000-20099"
        ";register=600;addresses=yes"
    )
    assert trunk == Trunk(
        user="acme", host="trunk.example", port=5071, secret=SECRET, transport="tls", srtp="mandatory",
        realm="voice.example", auth="acme-7", caller="+4930123456", format="00", codecs=("PCMU",), local="192.0.2.7",
        ca="/etc/ca.pem", lines=20, ring=45, lost=9, rtp="20000-20099", register=600, addresses=True,
    )  # fmt: skip


def test_the_least() -> None:
    trunk = read("sip:acme@trunk.example", "")
    assert (trunk.transport, trunk.srtp, trunk.codecs, trunk.at) == ("udp", "off", ("PCMA", "PCMU"), "trunk.example")
    assert read("sips:acme@trunk.example").transport == "tls"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("trunk.example", "sip:user@host"),
        ("sip:acme:pass@trunk.example", "OPENLINE_SIP_SECRET"),
        ("sip:acme@trunk.example;transport=sctp", "udp, tcp, tls"),
        ("sip:acme@trunk.example;colour=red", "knows no option 'colour'"),
        ("sip:acme@trunk.example;lines", "knows no option 'lines'"),
        ("sip:acme@trunk.example;lines=0", "from 1 to 200"),
        ("sip:acme@trunk.example;lines=٣", "from 1 to 200"),
        ("sip:acme@trunk.example;lines=2;lines=3", "twice"),
        ("sip:acme@trunk.example;srtp=mandatory", "needs transport=tls"),
        ("sips:acme@trunk.example;transport=udp", "begins with sips:"),
        ("sips:acme@192.0.2.1", "by its name"),
        ("sip:acme@trunk.example;caller=030123", "caller"),
        ("sip:acme@trunk.example;codecs=opus", "PCMA"),
        ("sip:acme@trunk.example;local=eth0", "IP address"),
        ("sip:acme@trunk.example;ca=ca.pem", "whole path"),
        ("sip:acme@trunk.example;register=5", "from 60"),
        ("sip:acme@trunk.example;rtp=20000", "range of ports"),
        ("sip:acme@trunk.example;rtp=20999-20000", "range of ports"),
        ("sip:acme@trunk.example:99999", "sip:user@host"),
        ("sip:ac me@trunk.example", "sip:user@host"),
        ('sip:acme"@trunk.example', "sip:user@host"),
        ("sip:acme@trunk.example;realm=a>b", "a domain"),
    ],
)
def test_what_is_wrong_is_named(text: str, says: str) -> None:
    with pytest.raises(TrunkProblem, match=says) as problem:
        read(text)
    assert SECRET not in str(problem.value)


@pytest.mark.parametrize("secret", ["a\nb", 'a"b', "a\\b", "x" * 256])
def test_secrets_that_cannot_travel(secret: str) -> None:
    with pytest.raises(TrunkProblem, match="no quote or backslash") as problem:
        read("sip:acme@trunk.example", secret)
    assert secret not in str(problem.value)


def test_a_secret_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    env = {"OPENLINE_SIP_TRUNK": "sip:acme@trunk.example", "OPENLINE_SIP_SECRET_FILE": str(path)}
    assert trunk_of(env).secret == SECRET
    with pytest.raises(TrunkProblem, match="not both"):
        trunk_of({**env, "OPENLINE_SIP_SECRET": SECRET})
    path.unlink()
    with pytest.raises(TrunkProblem, match="can't be read"):
        trunk_of(env)


def test_the_secret_is_not_shown() -> None:
    trunk = read("sip:acme@trunk.example;auth=acme-7")
    shown = [repr(trunk), str(trunk), f"{trunk}", str(trunk.__rich_repr__())]
    try:
        raise RuntimeError(trunk)
    except RuntimeError:
        shown.append(traceback.format_exc())
    assert not [text for text in shown if SECRET in text or "acme-7" in text]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(trunk), type=Trunk) == trunk, "it does reach the worker"


@pytest.mark.parametrize(("form", "written"), [("+", "+4930123456"), ("00", "004930123456"), ("plain", "4930123456")])
def test_numbers_as_the_trunk_writes_them(form: str, written: str) -> None:
    trunk = read(f"sip:acme@trunk.example;format={form}")
    assert trunk.address("+4930123456") == f"sip:{written}@trunk.example;transport=udp"
    assert trunk.shown("+4930123456") == written
    assert trunk.shown("") == ""


@given(st.text(max_size=40))
def test_nothing_else_is_called(text: str) -> None:
    """No text of a person gets into an address but digits behind a +."""
    for options in ("", ";addresses=yes"):
        trunk = read(f"sip:acme@trunk.example{options}")
        try:
            address = trunk.address(text)
        except TrunkProblem:
            continue
        assert text[1:].isascii() and (text[1:].isdigit() or text.startswith("sip:"))
        assert not set(address.removeprefix("sip:")) & set(' \r\n\t<>"\\?%,')


def test_addresses_only_where_the_settings_allow_them() -> None:
    address = "sip:100@phone.example:5070"
    with pytest.raises(TrunkProblem):
        read("sip:acme@trunk.example").address(address)
    trunk = read("sip:acme@trunk.example;addresses=yes;transport=tcp")
    assert trunk.address(address) == f"{address};transport=tcp"
    for wrong in ("sip:100@phone.example;transport=tls", "sip:1:2@phone.example", "sip:100@phone.example?Route=x"):
        with pytest.raises(TrunkProblem):
            trunk.address(wrong)
