"""Buckets and counts, pure; and at the real door."""

import asyncio

import pytest

from server.limits import Bounds, Bucket, Buckets, Counted, Rate, is_own_machine, network_of
from server.request_deadline import PromptHttp
from tests.server.rig import running
from wire import messages


def test_a_bucket_allows_the_burst_and_then_the_rate():
    rate = Rate(3, 2)
    bucket = Bucket(rate, 0.0)
    assert [bucket.take(rate, 0.0) for _ in range(3)] == [0, 0, 0]
    assert bucket.take(rate, 0.0) == pytest.approx(0.5)
    assert bucket.take(rate, 0.5) == 0
    assert bucket.take(rate, 0.5) == pytest.approx(0.5)
    assert [bucket.take(rate, 100.0) for _ in range(4)][3] > 0


def test_buckets_forget_whoever_is_full_again_and_stay_bounded():
    buckets = Buckets(Rate(2, 1), room=100)
    for n in range(1000):
        buckets.take(f"10.0.{n // 250}.{n % 250}", 0.0)
    assert len(buckets) == 100
    buckets.sweep(0.5)
    assert len(buckets) == 100
    buckets.sweep(5.0)
    assert len(buckets) == 0


def test_one_name_does_not_pay_for_another():
    buckets = Buckets(Rate(1, 1))
    assert buckets.take("a", 0.0) == 0 and buckets.take("a", 0.0) > 0 and buckets.take("b", 0.0) == 0


def test_counted_holds_no_more_than_the_most_and_leaves_nothing_behind():
    counted = Counted(2)
    assert [counted.enter("a") for _ in range(3)] == [True, True, False]
    counted.leave("a")
    assert counted.enter("a") and counted.held("a") == 2
    counted.leave("a")
    counted.leave("a")
    counted.leave("a")
    assert counted.held("a") == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [("1.2.3.4", "1.2.3.4"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("::ffff:1.2.3.4", "1.2.3.4"),
     ("fe80::1%eth0", "fe80::/64"), ("", ""), ("nonsense", "nonsense")],
)  # fmt: skip
def test_what_counts_as_one_address(address, network):
    assert network_of(address) == network


def test_the_own_machine_is_not_counted_as_one_client():
    assert is_own_machine("127.0.0.1") and is_own_machine("::1") and is_own_machine("")
    assert not is_own_machine("1.2.3.4") and not is_own_machine("2001:db8::/64")


async def test_too_fast_is_refused_with_the_time_to_wait_and_then_cut_off():
    bounds = Bounds(per_connection=Rate(5, 1), refusals_before_close=10)
    async with running(bounds) as rig, rig.open() as client:
        await client.hello("user:ann")
        for n in range(2, 30):
            await client.send(messages.Typing(id=n, session="s-1"))
        answers = [await client.next() for _ in range(14)]
        refused = [answer for answer in answers if isinstance(answer, messages.Refused)]
        assert len(refused) == 10 and {answer.code for answer in refused} == {"rate_limited"}
        assert all(0 < answer.retry_after_ms <= 11_000 for answer in refused)
        assert (await client.closed())[0] == 4104


async def test_a_members_tabs_share_one_rate():
    async with running(Bounds(per_member=Rate(4, 0.1))) as rig, rig.open() as one, rig.open() as two:
        await one.hello("user:ann")
        await two.hello("user:ann")
        answers = []
        for n in range(2, 5):
            for client in (one, two):
                await client.send(messages.Typing(id=n, session="s-1"))
                answers.append(await client.next())
        assert [isinstance(answer, messages.Ok) for answer in answers] == [True] * 4 + [False] * 2


async def test_only_so_many_sockets_are_open_in_one_process():
    async with running(Bounds(connections=2)) as rig, rig.open(), rig.open():
        assert await rig.handshake() == 429


async def test_a_request_that_comes_drop_by_drop_is_cut_off():
    class Hasty(PromptHttp):
        request_s = 0.3

    async with running(http=Hasty) as rig:
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        rig.writers.append(writer)
        writer.write(b"GET /v1/ws HTTP/1.1\r\nHost: 127")
        async with asyncio.timeout(3):
            assert await reader.read() == b""
        async with rig.open() as client:
            await asyncio.sleep(0.5)
            assert isinstance(await client.hello(), messages.Welcome)
