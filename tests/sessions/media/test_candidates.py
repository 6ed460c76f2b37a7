"""Where a worker sends to, and where it never does."""

import pytest

from sessions.media.candidates import MAX_SOURCES, Sources, may_reach

PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]
PRIVATE = [
    "127.0.0.1", "10.0.0.1", "172.17.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "::1", "fe80::1", "fc00::1",
    "fd12::5", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:a00:1::", "192.0.2.1", "198.18.0.1", "240.0.0.1",
]  # fmt: skip
NOWHERE = ["0.0.0.0", "::", "224.0.0.251", "ff02::fb", "255.255.255.255", "::ffff:224.0.0.1"]
NAMES = ["", "localhost", "a1b2.local", "metadata.google.internal", "127.1", "0x7f000001", "1.2.3.4\x00", "1.2.3"]


@pytest.mark.parametrize("host", PUBLIC)
def test_public_addresses_are_reached(host: str) -> None:
    assert may_reach(host, False) and may_reach(host, True)


@pytest.mark.parametrize("host", PRIVATE)
def test_private_ones_only_where_settings_allow_them(host: str) -> None:
    assert not may_reach(host, False)


@pytest.mark.parametrize("host", PRIVATE[:10])
def test_a_network_of_ones_own_can_be_allowed(host: str) -> None:
    assert may_reach(host, True)


@pytest.mark.parametrize("host", NOWHERE + NAMES)
def test_groups_names_and_nowhere_never(host: str) -> None:
    assert not may_reach(host, True) and not may_reach(host, False)


def test_a_browser_comes_from_few_addresses() -> None:
    sources = Sources(allow_private=False)
    taken = [port for port in range(100) if sources.take(("93.184.216.34", port))]
    assert taken == list(range(MAX_SOURCES))
    assert sources.take(("93.184.216.34", 3)), "one that was taken stays"
    assert not sources.take(("10.0.0.1", 1))


def test_hosts_that_are_answered_are_remembered_within_bounds() -> None:
    sources = Sources(allow_private=False)
    assert all(sources.may_come((f"93.184.216.{n}", 5)) for n in range(200))
    assert len(sources._hosts) == MAX_SOURCES
