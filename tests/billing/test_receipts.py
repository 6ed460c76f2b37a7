"""A receipt holds as it was sealed, and no other way: whoever changes it, the server included."""

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from billing.price import cost, fee
from billing.receipts.chain import canonical, chained, digest
from billing.receipts.clock import Intervals, Looked
from billing.receipts.facts import (
    ROUNDING,
    Accepted,
    AnyFact,
    Came,
    Charged,
    Connected,
    Ended,
    Funded,
    Header,
    Joined,
    Left,
    Matched,
    Moved,
    Offered,
    OfferOver,
    Overtaken,
    Receipt,
    Running,
    Shifted,
    Stopped,
)
from billing.receipts.receipt import sealed
from billing.receipts.signing import Signer
from billing.receipts.verify import verify
from server.cli import main

SIGNER = Signer(b"s" * 32)
HEADER = Header(pool="demo", session="s-1", ticket="t-9", expert="ada", mode="chat", currency="EUR")
FACTS: list[AnyFact] = [
    Joined(at=1_000, ordinal=9, ahead=[4, 6, 7], behind=[], rate=600, free_ms=10_000, by="user"),
    Left(at=2_000, ordinal=4, why="matched"),
    Shifted(at=3_000, ordinal=7, to=20),
    Came(at=4_000, ordinal=3),
    Moved(at=5_000, ordinal=2, ahead=[], behind=[6, 20]),
    Came(at=5_500, ordinal=1),
    Overtaken(at=6_000, reason="stepped_away"),
    Left(at=6_000, ordinal=1, why="matched"),
    Offered(at=7_000, offer="o-1", rate=600, free_ms=10_000),
    Accepted(at=7_000, offer="o-1", side="user"),
    OfferOver(at=8_000, offer="o-1", state="missed"),
    Offered(at=9_000, offer="o-2", rate=600, free_ms=10_000),
    Accepted(at=9_000, offer="o-2", side="user"),
    Accepted(at=9_500, offer="o-2", side="expert"),
    Matched(at=9_500, offer="o-2", overtook=[(6, "operator"), (20, "disconnected")], budget_ms=40_000, fee_bps=2_000),
    Connected(at=10_000, side="user"),
    Connected(at=10_500, side="expert"),
    Running(at=10_500, since=10_500),
    Stopped(at=34_000, until=31_500, side="user"),
    Stopped(at=35_000, until=30_500, side="both"),
    Running(at=40_000, since=40_000),
    Funded(at=41_000, budget_ms=90_000),
    Stopped(at=75_678, until=75_678, side=""),
    Ended(at=75_678, reason="", by="user", ran_ms=55_678),
    Charged(
        at=75_678, outcome="charged", rate=600, free_ms=10_000, ran_ms=55_678, held=800, fee_bps=2_000, amount=456,
        fee=91, credit=365, rounding=ROUNDING,
    ),
]  # fmt: skip
HONEST = sealed(HEADER, FACTS, SIGNER)


def problem(receipt: object, *keys: str) -> str:
    return verify(msgspec.json.encode(receipt), keys).problem


def leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value of a tree with the way to it."""
    if isinstance(node, dict | list):
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(child, (*path, key))
    else:
        yield path, node


def changed(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = msgspec.json.decode(msgspec.json.encode(tree))
    node = copy
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return copy


def others(value: Any) -> list[Any]:
    """Values of the same kind and of another."""
    if isinstance(value, int):
        return [value + 1, value - 1, -value - 1, 0 if value else 5, 10**30, str(value), None]
    flipped = value[:-1] + ("A" if value[-1:] != "A" else "B")
    return [flipped, value.upper() if value.upper() != value else value + "x", value + " ", "", 7, None]


def test_an_honest_receipt_holds_and_says_what_it_comes_to() -> None:
    found = verify(msgspec.json.encode(HONEST), [SIGNER.public])
    assert (found.problem, found.at_fact, found.known_key) == ("", 0, True)
    assert found.positions == [4, 3, 2, 3, 1, 2, 1]
    assert found.overtook == [(6, "operator"), (20, "disconnected")] and found.overtaken == ["stepped_away"]
    assert (found.ran_ms, found.amount, found.fee, found.credit) == (55_678, 456, 91, 365)


def test_every_change_of_one_value_is_found() -> None:
    tree = msgspec.json.decode(msgspec.json.encode(HONEST))
    count = 0
    for path, value in leaves(tree):
        for other in others(value):
            if other != value:
                count += 1
                assert problem(changed(tree, path, other)), (path, other)
    assert count > 900


def test_facts_left_out_doubled_moved_or_added_are_found() -> None:
    facts = HONEST.facts
    for n in range(len(facts)):
        without = [*facts[:n], *facts[n + 1 :]]
        if without:
            assert problem(structs.replace(HONEST, facts=without))
        assert problem(structs.replace(HONEST, facts=[*facts[: n + 1], facts[n], *facts[n + 1 :]]))
        assert problem(
            structs.replace(HONEST, facts=[*facts[:n], *facts[n : n + 2][::-1], *facts[n + 2 :]])
        ) or n + 1 == len(facts)
    extra = msgspec.to_builtins(HONEST) | {"note": "x"}
    assert "not a receipt" in problem(extra)


def test_a_change_with_the_chain_made_anew_has_no_signature() -> None:
    cheaper = structs.replace(HEADER, expert="bob")
    again = chained(cheaper, FACTS)
    forged = Receipt(header=cheaper, facts=again, seal=structs.replace(HONEST.seal, head=digest(again[-1])))
    assert "signature" in problem(forged)
    own = sealed(cheaper, FACTS, Signer(b"t" * 32))
    assert not problem(own), "signed by somebody: their name is in it"
    assert "not the server's" in problem(own, SIGNER.public)


LIES: list[tuple[int, dict[str, Any], str]] = [
    (0, {"ahead": [4, 6]}, "nobody was at 7"),
    (0, {"ahead": [4, 6, 10]}, "later ordinal"),
    (0, {"rate": 500}, "another rate"),
    (1, {"ordinal": 5}, "nobody was at 5"),
    (3, {"ordinal": 12}, "stands behind"),
    (4, {"behind": [6]}, "forgotten by a move"),
    (4, {"ahead": [1]}, "nowhere"),
    (6, {"reason": "because"}, "passed over"),
    (8, {"free_ms": 0}, "another rate"),
    (13, {"side": "user"}, "not both sides"),
    (14, {"overtook": [(6, "operator")]}, "not those who came earlier"),
    (14, {"overtook": [(6, "unexplained"), (20, "disconnected")]}, "unexplained"),
    (14, {"offer": "o-1"}, "not of the offer"),
    (17, {"since": 9_000}, "clock ran for"),
    (18, {"until": 30_000}, "younger"),
    (19, {"until": 32_000}, "younger"),
    (20, {"since": 30_000}, "before it stopped"),
    (21, {"budget_ms": 39_000}, "more time"),
    (21, {"budget_ms": 50_000}, "longer than the money"),
    (23, {"ran_ms": 60_000}, "clock ran for"),
    (24, {"rate": 601}, "another rate"),
    (24, {"ran_ms": 60_000}, "another time"),
    (24, {"amount": 457, "credit": 366}, "the charge is 456"),
    (24, {"held": 400}, "the charge is 400"),
    (24, {"fee": 92, "credit": 364}, "the fee is 91"),
    (24, {"credit": 366}, "credit"),
    (24, {"fee_bps": 2_100}, "another part"),
    (24, {"outcome": "short", "amount": 0, "fee": 0, "credit": 0}, "outcome is charged"),
    (24, {"rounding": "up"}, "rounded"),
]


@pytest.mark.claim("A15", "A17")
@pytest.mark.parametrize(("n", "lie", "said"), LIES)
def test_a_lie_that_the_server_itself_signs_is_found(n: int, lie: dict[str, Any], said: str) -> None:
    facts = [*FACTS[:n], structs.replace(FACTS[n], **lie), *FACTS[n + 1 :]]
    found = verify(msgspec.json.encode(sealed(HEADER, facts, SIGNER)), [SIGNER.public])
    assert said in found.problem and found.at_fact >= n + 1, found


@pytest.mark.parametrize("n", range(len(FACTS)))
def test_a_fact_that_the_server_leaves_out_is_missed(n: int) -> None:
    """All but those on which nothing else hangs: that somebody was passed over, was connected, was ahead and came later
    or has said yes to an offer that ended; a move that is followed by another's, a last sign that was moved back."""
    facts = [*FACTS[:n], *FACTS[n + 1 :]]
    spare = isinstance(FACTS[n], Overtaken | Connected) or n in (3, 4, 7, 9, 18)
    assert bool(problem(sealed(HEADER, facts, SIGNER))) is not spare, FACTS[n]


@given(seed=st.integers(0, 2**32), rate=st.integers(1, 10**6), bps=st.integers(0, 10_000), ran_ms=st.integers(0, 10**7))
def test_what_is_charged_is_what_the_price_says(seed: int, rate: int, bps: int, ran_ms: int) -> None:
    free_ms = random.Random(seed).choice((0, 60_000))
    amount = cost(rate, free_ms, ran_ms)
    part = fee(amount, bps)
    outcome = "charged" if amount else "short" if ran_ms <= 30_000 else "free"
    facts: list[AnyFact] = [
        Joined(at=0, ordinal=1, ahead=[], behind=[], rate=rate, free_ms=free_ms, by="user"),
        Offered(at=0, offer="o", rate=rate, free_ms=free_ms),
        Accepted(at=0, offer="o", side="user"),
        Accepted(at=0, offer="o", side="expert"),
        Matched(at=0, offer="o", overtook=[], budget_ms=10**7, fee_bps=bps),
        Running(at=5, since=5),
        Stopped(at=5 + ran_ms, until=5 + ran_ms, side=""),
        Ended(at=5 + ran_ms, reason="", by="user", ran_ms=ran_ms),
    ]
    charge = Charged(
        at=9, outcome=outcome, rate=rate, free_ms=free_ms, ran_ms=ran_ms, held=10**12, fee_bps=bps, amount=amount,
        fee=part, credit=amount - part, rounding=ROUNDING,
    )  # fmt: skip
    assert not problem(sealed(HEADER, [*facts, charge], SIGNER))
    more = structs.replace(charge, amount=amount + 1, credit=amount + 1 - part)
    assert problem(sealed(HEADER, [*facts, more], SIGNER))


def test_canonical_bytes_are_as_they_are_written_down() -> None:
    """Whoever checks a receipt with a program of their own has to come to the same bytes."""
    assert canonical(FACTS[1]) == b'{"at":2000,"kind":"left","ordinal":4,"prev":"","why":"matched"}'
    header = b'{"currency":"EUR","expert":"ada","mode":"chat","pool":"demo","receipt":1,"session":"s-1","ticket":"t-9"}'
    assert canonical(HEADER) == header and HONEST.facts[0].prev == hashlib.sha256(header).hexdigest()


def test_a_clock_that_is_looked_at_often_gives_the_intervals_in_which_it_ran() -> None:
    looks = [(0, 0, ""), (0, 100, ""), (0, 100, ""), (50, 0, "user"), (40, 0, "both"), (40, 300, ""), (70, 0, "")]
    clock = Intervals()
    told: list[Any] = [
        fact for ran, since, side in looks
        for fact in clock.take(Looked(at=0, ran_ms=ran, running_since=since, side=side))  # type: ignore[arg-type]
    ]  # fmt: skip
    assert [getattr(fact, "since", None) or (fact.until, fact.side) for fact in told] == [
        100, (150, "user"), (140, "both"), 300, (330, ""),
    ]  # fmt: skip


def test_the_command_names_what_does_not_fit(tmp_path: Path) -> None:
    good, bad, keys = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "keys.json"
    good.write_bytes(msgspec.json.format(msgspec.json.encode(HONEST)))
    bad.write_bytes(msgspec.json.encode(changed(msgspec.to_builtins(HONEST), ("facts", 24, "amount"), 1)))
    keys.write_bytes(msgspec.json.encode({"keys": ["older", SIGNER.public]}))
    run = CliRunner().invoke
    done = run(main, ["verify", str(good), "--key", str(keys)])
    assert done.exit_code == 0 and "4 -> 3 -> 2 -> 3 -> 1 -> 2 -> 1" in done.output, done.output
    assert "operator, disconnected" in done.output and "456 = 365 + 91 fee" in done.output
    done = run(main, ["verify", str(bad)])
    assert done.exit_code == 1 and "fact 25" in done.output
    done = run(main, ["verify", str(good), "--key", Signer(b"x" * 32).public, "--json"])
    assert done.exit_code == 1 and "not the server's" in msgspec.json.decode(done.output)["problem"]
    for nonsense in (b"", b"{}", b"[" * 9000, b"\xff", b'{"receipt":1e999}', b" " * (5 * 1024 * 1024)):
        bad.write_bytes(nonsense)
        done = run(main, ["verify", str(bad)])
        assert done.exit_code == 1 and "Traceback" not in done.output
