"""A hundred users and ten experts while connections, a server process and the store are killed under them."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from ground.errors import StoreUnavailable
from ground.journal import Entry
from queueing.facts import PoolSnapshot, SessionFacts, TicketFacts
from queueing.store import ticket_log
from server.mirror import Event, events_of
from sessions.store import session_log
from tests.chaos.people import Adviser, Person, User
from tests.chaos.town import Town
from tests.machines.invariants import check_promises
from wire import messages

SEED = 20_261_122
WILD_S, MORE_S = 20.0, 20.0
KILL_SERVER_S, KILL_STORE_S = 5.0, 12.0
SETTLE_S = 3.0
QUIET_S = 30.0
ALL_S = 100.0
SETTINGS = {
    "ring_ms": 1500, "ready_after_ms": 4000, "ready_ms": 1500, "unready_pause_ms": 1000, "decline_pause_ms": 1000,
    "grace_ms": 4000, "presence_grace_ms": 500, "wrap_up_ms": 400, "connect_ms": 2000, "session_cap_ms": 4000,
    "line_keep_ms": 3000, "lines_per_ticket": 3, "line_limit": 20,
}  # fmt: skip


@pytest.mark.claim("B31", "B33", "B36", "B39")
@pytest.mark.slow
async def test_whatever_is_killed_everybody_sees_the_truth_and_nothing_is_lost(pair: Town) -> None:
    experts = [f"x{n}" for n in range(10)]
    pool = await pair.new_pool(*experts, options=None, **SETTINGS)
    advisers: list[Person] = [Adviser(pair, pool, expert, SEED + n) for n, expert in enumerate(experts)]
    users: list[Person] = [User(pair, pool, f"u{n}", SEED + 100 + n, experts) for n in range(100)]
    people = [*advisers, *users]
    async with asyncio.timeout(ALL_S), asyncio.TaskGroup() as group:
        lives = [group.create_task(person.live()) for person in people]
        acts = [group.create_task(person.act(0.5 if person in advisers else 1.4)) for person in people]
        troubles = [group.create_task(work) for work in (cut(pair), kill(pair), look(pair, pool))]
        await asyncio.sleep(WILD_S)
        async with asyncio.timeout(MORE_S):  # a machine that has much to do needs longer for as much
            while not enough(causes_of(await pair.entries(pool))):
                await asyncio.sleep(0.5)
        for person in people:
            person.wild = False
        await asyncio.wait_for(asyncio.gather(*acts), 25)
        assert troubles[1].done(), "everything that was to be killed was killed"
        for task in troubles:
            task.cancel()
        shot = await settled(pair, pool, people)
        for person in people:
            person.over = True
        for task in lives:
            task.cancel()
    check(shot)
    entries = await pair.entries(pool)
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert {entry.epoch for entry in entries} == {shot.epoch}, "a SIGKILL of the store is no lost history"
    # Deadlines go on running between the snapshot and the reading of the journal.
    entries = [entry for entry in entries if entry.seq <= shot.seq]
    events = {entry.seq: events_of(entry.events) for entry in entries}
    nothing_acknowledged_is_lost(people, events)
    counters_are_what_the_journal_says(shot, events)
    await books_are_what_the_journal_says(pair, pool, entries)
    causes = causes_of(entries)
    assert enough(causes), causes


# ------------------------------------------------------------ what goes wrong


def causes_of(entries: Sequence[Entry]) -> Counter[str]:
    """What became of tickets, by cause."""
    events = [one for entry in entries for one in events_of(entry.events)]
    return Counter(one.cause for one in events if isinstance(one, TicketFacts))


def enough(causes: Counter[str]) -> bool:
    """Whether there was something that could have gone wrong."""
    return all(causes[cause] > 20 for cause in ("matched", "switched", "disconnected"))


async def cut(town: Town) -> None:
    """Every second the store drops all who listen to it."""
    while True:
        await asyncio.sleep(1)
        if await town.answers():
            await town.command("CLIENT", "KILL", "TYPE", "pubsub")


async def kill(town: Town) -> None:
    await asyncio.sleep(KILL_SERVER_S)
    await town.restart(0)
    await asyncio.sleep(KILL_STORE_S - KILL_SERVER_S)
    await town.kill_store()


# ------------------------------------------------------------ what never goes wrong


async def look(town: Town, pool: str) -> None:
    """The promises, twice a second, through all of it."""
    while True:
        await asyncio.sleep(0.5)
        try:
            shot = await town.truth(pool)
        except StoreUnavailable:
            continue
        check(shot)


def check(shot: PoolSnapshot) -> None:
    check_promises(shot)
    stats = shot.stats
    assert stats["joined"] == len(shot.tickets) + stats["served"] + stats["left"], "a ticket is lost"
    assert stats["unexplained"] == 0
    later = {name for name, _ in shot.deadlines}
    free = {expert.expert for expert in shot.experts if expert.indicator == "free"}
    for ticket in shot.tickets:
        if ticket.state == "waiting" and ticket.connected and not ticket.paused_until:
            ready = {expert for expert, _ in ticket.lines if f"retry:{expert}/{ticket.ticket}" not in later}
            assert not ready & free, f"{ready & free} are free while {ticket.user} is ready"
    overdue = [name for name, at in shot.deadlines if at < shot.at - 1000]
    assert not overdue, f"past their deadline: {overdue}"


async def settled(town: Town, pool: str, people: Sequence[Person]) -> PoolSnapshot:
    """The truth that all agree with, which they do `SETTLE_S` after the last change at the latest."""
    until, changed, seq = time.monotonic() + QUIET_S, time.monotonic(), 0
    while True:
        shot = await town.truth(pool)
        wrong = [f"{one.member}: {word}" for one in people if (word := apart(one, shot))]
        if not wrong:
            return shot
        now = time.monotonic()
        if shot.seq != seq:
            seq, changed = shot.seq, now
        assert now - changed < SETTLE_S and now < until, f"{len(wrong)} see something else: {wrong[:3]}"
        await asyncio.sleep(0.1)


def apart(person: Person, shot: PoolSnapshot) -> str:
    if not person.here:
        return "not connected"
    return person.view.differs(shot, person.member if person.role == "user" else "")


# ------------------------------------------------------------ what is left of it


def nothing_acknowledged_is_lost(people: Sequence[Person], events: dict[int, list[Event]]) -> None:
    """Every answer that named a change is in the journal at that place; every granted place was granted once."""
    joined = Counter(
        e.ticket for each in events.values() for e in each if isinstance(e, TicketFacts) and e.cause == "joined"
    )
    assert set(joined.values()) <= {1}
    granted: Counter[str] = Counter()
    for person in people:
        for request, answer in person.granted:
            if answer.seq:
                assert answer.seq in events, f"{request} was acknowledged and is gone"
            if isinstance(answer, messages.Joined):
                there = [e for e in events[answer.seq] if isinstance(e, TicketFacts) and e.ticket == answer.ticket]
                assert there and there[0].user == person.member, f"{request} got the answer of another: {answer}"
                granted[answer.ticket] += isinstance(request, messages.Join | messages.Connect)
    assert granted.keys() - joined.keys() == set() and joined.keys() - {t for t, n in granted.items() if n} == set()


def counters_are_what_the_journal_says(shot: PoolSnapshot, events: dict[int, list[Event]]) -> None:
    tickets = [event for each in events.values() for event in each if isinstance(event, TicketFacts)]
    done = [ticket for ticket in tickets if ticket.cause == "done"]
    ended = [
        event
        for each in events.values()
        for event in each
        if isinstance(event, SessionFacts) and event.cause == "ended"
    ]
    told = Counter(reason for session in sessions_of(events, "matched") for _, reason in session.overtook)
    assert shot.stats == {
        "joined": sum(ticket.cause == "joined" for ticket in tickets),
        "served": sum(session.live_at > 0 for session in ended),
        "left": len(done) - sum(session.live_at > 0 for session in ended),
        "unexplained": told["unexplained"],
    }


def sessions_of(events: dict[int, list[Event]], cause: str) -> list[SessionFacts]:
    return [one for each in events.values() for one in each if isinstance(one, SessionFacts) and one.cause == cause]


async def books_are_what_the_journal_says(town: Town, pool: str, entries: Sequence[Entry]) -> None:
    """In SQL each wait and each session once, whatever happened to the process that wrote them."""
    events = {entry.seq: events_of(entry.events) for entry in entries}
    waits = {
        event.ticket
        for each in events.values()
        for event in each
        if isinstance(event, TicketFacts)
        and (event.cause == "matched" or (event.cause == "done" and not event.session))
    }
    matched = {session.session for session in sessions_of(events, "matched")}
    async with asyncio.timeout(20):
        while True:
            async with town.database.read() as tx:
                tickets = list(await tx.scalars(sa.select(ticket_log.c.ticket).where(ticket_log.c.pool == pool)))
                sessions = list(await tx.scalars(sa.select(session_log.c.session).where(session_log.c.pool == pool)))
            if set(tickets) >= waits and set(sessions) >= matched:
                break
            await asyncio.sleep(0.1)
    assert len(tickets) == len(set(tickets)) and len(sessions) == len(set(sessions))
