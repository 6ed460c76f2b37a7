"""coturn by the configuration that we ship: who may use it, and where it sends nothing."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from time import time_ns

import pytest

from sessions.turn import TurnAccess, credentials, turn_servers
from tests.sessions.turning import CONFIG, SECRET, Coturn, Refused, allocated, coturn

pytestmark = [pytest.mark.coturn, pytest.mark.claim("A2")]

OTHER = "another-secret-of-more-than-thirty-two-characters"
DENIED_V4 = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.0.1",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1",
    "192.168.255.255", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.251", "239.255.255.250",
    "240.0.0.1", "255.255.255.255",
)  # fmt: skip
PUBLIC_V4 = ("1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
             "192.167.255.255", "192.169.0.0", "223.255.255.255")  # fmt: skip
DENIED_V6 = (
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:192.168.1.1",
    "::ffff:1.1.1.1", "::127.0.0.1", "::10.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1",
    "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::1", "2002:a00:1::", "fc00::1", "fd12:3456::1", "fe80::1",
    "fec0::1", "ff02::1", "ff0e::1",
)  # fmt: skip
PUBLIC_V6 = ("2001:4860:4860::8888", "2606:4700::1111", "2a00:1450::1")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    with coturn(tmp_path_factory.mktemp("coturn"), secrets=(SECRET, OTHER)) as running:
        yield running


def access(there: Coturn, secret: str = SECRET, ago_s: int = 0, session: str = "s1") -> TurnAccess:
    """Made `ago_s` seconds before now, for ten minutes."""
    now_ms = time_ns() // 1_000_000 - ago_s * 1000
    return credentials(turn_servers(there.url, [secret]), "support", session, "user", now_ms=now_ms)


async def refused(there: Coturn, username: str, credential: str) -> str:
    try:
        async with allocated(there, username, credential):
            return ""
    except Refused as refusal:
        return str(refusal)


@pytest.mark.parametrize("secret", [SECRET, OTHER], ids=["new secret", "old secret"])
async def test_a_credential_of_ours_gets_an_allocation(there: Coturn, secret: str) -> None:
    given = access(there, secret)
    async with allocated(there, given.username, given.credential) as client:
        assert client.relayed[0] == "127.0.0.1" and client.relayed[1] >= 49152


@pytest.mark.parametrize("way", ["tcp", "tls"])
async def test_so_it_does_where_only_streams_get_through(there: Coturn, way: str) -> None:
    given = access(there)
    async with allocated(there, given.username, given.credential, tls=way == "tls", tcp=way == "tcp") as client:
        assert await client.permit("1.1.1.1") == ""


async def test_no_other_credential_does(there: Coturn) -> None:
    good, other = access(there), access(there, session="s2")
    late = good.username.replace(good.username.split(":")[0], str(int(good.username.split(":")[0]) + 3600))
    stranger = credentials(turn_servers(there.url, ["z" * 40]), "support", "s1", "user", now_ms=time_ns() // 1_000_000)
    old = access(there, ago_s=601)
    asked = {
        "made longer": (late, good.credential),
        "of another call": (other.username, good.credential),
        "of another side": (good.username.replace("/user", "/expert"), good.credential),
        "of another secret": (stranger.username, stranger.credential),
        "run out": (old.username, old.credential),
        "none": (good.username, ""),
        "the secret itself": (good.username, SECRET),
        "a plain name": ("openline", SECRET),
    }
    assert {why: await refused(there, *pair) for why, pair in asked.items()} == dict.fromkeys(asked, "401")


async def test_it_sends_nothing_into_networks(there: Coturn) -> None:
    given = access(there)
    async with allocated(there, given.username, given.credential) as client:
        denied = {host: (await client.permit(host), await client.bind(host)) for host in DENIED_V4}
        open_to = {host: await client.permit(host) for host in PUBLIC_V4}
        mixed = {host: await client.permit(host) for host in ("::1", "::ffff:10.0.0.1")}
    assert denied == dict.fromkeys(DENIED_V4, ("403", "403"))
    assert open_to == dict.fromkeys(PUBLIC_V4, "")
    assert set(mixed.values()) <= {"403", "443"}, "an IPv4 allocation has no IPv6 peers at all"


async def test_nor_does_it_by_ipv6_however_the_address_is_written(tmp_path: Path) -> None:
    with coturn(tmp_path, "allocation-default-address-family=keep", host="::1") as there:
        given = access(there)
        async with allocated(there, given.username, given.credential) as client:
            assert ":" in client.relayed[0]
            denied = {host: (await client.permit(host), await client.bind(host)) for host in DENIED_V6}
            open_to = {host: await client.permit(host) for host in PUBLIC_V6}
    assert denied == dict.fromkeys(DENIED_V6, ("403", "403"))
    assert open_to == dict.fromkeys(PUBLIC_V6, "")


async def test_where_all_audio_is_bridged_only_workers_are_reached(tmp_path: Path) -> None:
    tight = [line.lstrip("#") for line in CONFIG.read_text().splitlines() if line.startswith("#denied-peer-ip")]
    assert len(tight) == 2
    with coturn(tmp_path, *tight, "allowed-peer-ip=10.7.7.7") as there:
        given = access(there)
        async with allocated(there, given.username, given.credential) as client:
            hosts = ("10.7.7.7", "10.7.7.8", "1.1.1.1", "127.0.0.1")
            assert {host: await client.permit(host) for host in hosts} == {
                "10.7.7.7": "", "10.7.7.8": "403", "1.1.1.1": "403", "127.0.0.1": "403",
            }  # fmt: skip


async def test_one_side_of_a_call_has_so_many_allocations_and_no_more(tmp_path: Path) -> None:
    with coturn(tmp_path, "user-quota=2") as there:
        now, later = access(there), access(there, ago_s=-5)  # minted again for the same side: no second quota
        async with (
            allocated(there, now.username, now.credential),
            allocated(there, later.username, later.credential),
        ):
            assert await refused(there, now.username, now.credential) == "486"
            other = access(there, session="s2")
            assert await refused(there, other.username, other.credential) == ""
        await _until_admitted(there, now)


async def _until_admitted(there: Coturn, given: TurnAccess) -> None:
    """What is given back can be had again, a moment later."""
    async with asyncio.timeout(10):
        while await refused(there, given.username, given.credential):
            await asyncio.sleep(0.1)


def test_the_shipped_file_holds_what_readers_are_promised() -> None:
    lines = set(CONFIG.read_text().splitlines())
    promised = {"use-auth-secret", "no-tcp-relay", "no-multicast-peers", "no-cli", "fingerprint", "stale-nonce=600"}
    assert promised <= lines
    assert "allow-loopback-peers" not in lines
