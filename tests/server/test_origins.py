"""Host, Origin and forwarded addresses: exact lists, nothing guessed."""

import pytest

from server.origins import Gate, WrongHost, WrongOrigin
from tests.server.rig import running

GATE = Gate(("line.example", "localhost", "[::1]"), ("https://shop.example",), ("10.0.0.0/8", "127.0.0.1"))
HOSTILE = (
    "null",
    "http://shop.example",
    "https://shop.example.evil.example",
    "https://evilshop.example",
    "https://shop.example:8443",
    "https://SHOP.example",
    "https://shop.example/",
    "https://shop.example@evil.example",
    "https://sub.shop.example",
    "file://",
    "https://shop.exampl",
    "https://127.0.0.1",
)


def came(peer="1.2.3.4", hosts=("line.example",), forwarded=(), proto=(), tls=True):
    return GATE.came(peer, list(hosts), list(forwarded), list(proto), tls=tls)


@pytest.mark.parametrize("origin", HOSTILE)
def test_hostile_origins_are_refused(origin):
    with pytest.raises(WrongOrigin):
        GATE.check_origin([origin], came(), needed=False)


async def test_hostile_origins_get_a_403_at_the_socket():
    async with running() as rig:
        assert [await rig.handshake(f"Origin: {origin}") for origin in HOSTILE] == [403] * len(HOSTILE)
        assert not rig.door.sockets


async def test_allowed_own_and_absent_origins_may_come():
    async with running() as rig:
        assert await rig.handshake("Origin: https://shop.example") == 101
        assert await rig.handshake(f"Origin: http://127.0.0.1:{rig.port}") == 101
        assert await rig.handshake() == 101
        assert await rig.handshake("Origin: https://shop.example", "Origin: https://shop.example") in (400, 403)


async def test_a_cookie_needs_an_origin_unless_the_page_wants_to_be_a_guest():
    async with running() as rig:
        cookie = "Cookie: theme=dark; openline-user-demo=x"
        assert await rig.handshake(cookie) == 403
        assert await rig.handshake(cookie, path="/v1/ws?as=guest") == 101
        assert await rig.handshake(cookie, "Origin: https://shop.example") == 101
        assert await rig.handshake("Cookie: theme=dark") == 101


@pytest.mark.parametrize(
    "host",
    ["evil.example", "line.example.evil.example", "line.example@evil.example", "line.example:99999999", "[::1]x:80",
     "line.example:", "line.example/", "", "line.example, evil.example", "[::1", "line.example\x00"],
)  # fmt: skip
def test_malformed_and_foreign_hosts_are_refused(host):
    with pytest.raises(WrongHost):
        GATE.check_host([host])


def test_a_host_is_named_once_and_may_carry_a_port():
    assert GATE.check_host(["LINE.example:8443"]) == "line.example:8443"
    assert GATE.check_host(["[::1]:80"]) == "[::1]:80"
    for hosts in ([], ["line.example", "line.example"]):
        with pytest.raises(WrongHost):
            GATE.check_host(hosts)


async def test_a_foreign_host_gets_no_socket():
    async with running() as rig:
        assert await rig.handshake("Host: evil.example") == 421


def test_forwarded_addresses_count_from_named_proxies_only():
    assert came(forwarded=["9.9.9.9"]).address == "1.2.3.4"
    assert came("10.1.1.1", forwarded=["6.6.6.6, 9.9.9.9"]).address == "9.9.9.9"
    assert came("10.1.1.1", forwarded=["6.6.6.6", "9.9.9.9, 10.2.2.2"]).address == "9.9.9.9"
    assert came("10.1.1.1", forwarded=["nonsense"]).address == "10.1.1.1"
    assert came("10.1.1.1").address == "10.1.1.1"


def test_https_is_believed_from_named_proxies_only():
    assert not came(proto=["https"], tls=False).secure
    assert came("127.0.0.1", proto=["https"], tls=False).secure
    assert came("127.0.0.1", proto=["https"], tls=False).own_origin == "https://line.example"


async def test_there_is_one_place_for_sockets():
    async with running() as rig:
        paths = ("/", "/v1/ws/", "/v1/WS", "/v1/../v1/ws", "/p/demo")
        assert [await rig.handshake(path=path) for path in paths] == [404] * 5


async def test_a_sub_protocol_of_ours_is_needed():
    async with running() as rig:
        assert await rig.handshake(subprotocol="") == 400
        assert await rig.handshake(subprotocol="chat") == 400
        assert await rig.handshake(path="/v1/ws?as=admin") == 400
