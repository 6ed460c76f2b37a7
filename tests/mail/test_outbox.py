"""The outbox: letters are written once, leased to one sender, and never go twice by themselves."""

import asyncio

import pytest

from ground.errors import Refusal
from ground.sql import Database
from mail import outbox
from mail.letter import Letter
from mail.outbox import Claimed, Kept, Outbox

NOW = 1_800_000_000_000
MINUTE = 60_000


@pytest.fixture
async def box(database: Database) -> Outbox:
    return Outbox(database)


def letter(**changed: object) -> Letter:
    given = {
        "kind": "message",
        "pool": "acme",
        "to": "ada@line.example",
        "subject": "Hello",
        "text": "Come",
        "secret": False,
    }
    return Letter(**(given | changed))  # type: ignore[arg-type]


async def write(db: Database, *letters: Letter, now: int = NOW) -> None:
    async with db.begin() as tx:
        for one in letters:
            await outbox.put(tx, one, now)


async def claim_one(box: Outbox, now: int = NOW) -> Claimed:
    (claimed,) = await box.claim(now, 10)
    return claimed


async def kept_one(box: Outbox, pool: str = "acme") -> Kept:
    (kept,), more = await box.page(pool)
    assert not more
    return kept


async def test_a_letter_goes_from_waiting_to_sent(database: Database, box: Outbox) -> None:
    await write(database, letter(reply_to="bob@Mail.Example", reply_name="Bob"))
    claimed = await claim_one(box)
    assert (claimed.to, claimed.reply_to, claimed.reply_name) == ("ada@line.example", "bob@mail.example", "Bob")
    assert (claimed.subject, claimed.text, claimed.at, claimed.attempts) == ("Hello", "Come", NOW, 1)
    assert await box.hand_over(claimed, NOW + 1)
    await box.sent(claimed, NOW + 2)
    kept = await kept_one(box)
    assert (kept.state, kept.text, kept.error) == ("sent", "Come", "")
    assert await box.claim(NOW + outbox.GIVE_UP_MS, 10) == []


async def test_a_letter_is_in_the_transaction_of_its_writer(database: Database, box: Outbox) -> None:
    async def failing() -> None:
        async with database.begin() as tx:
            await outbox.put(tx, letter(), NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    assert await box.page("acme") == ([], False)


async def test_a_key_makes_it_the_same_letter_in_its_pool_only(database: Database, box: Outbox) -> None:
    await write(database, letter(key="k"), letter(key="k", text="Other"), letter(key="k", pool="else"), letter())
    letters, _ = await box.page("acme")
    assert sorted(kept.text for kept in letters) == ["Come", "Come"]
    async with database.read() as tx:
        assert await outbox.known(tx, "acme", "k")
        assert not await outbox.known(tx, "acme", "K")


WRONG = ["ada", "ada@", "ada@localhost", "a b@line.example", "ada@line.example\r\nBcc: x@y.example", "ä@line.example"]
WRONG += [
    "ada@line.example, eve@line.example",
    "Ada <ada@line.example>",
    "ada@[127.0.0.1]",
    '"a b"@line.example',
    "=?utf-8?q?a?=@line.example",
]


async def test_what_is_no_address_is_refused(database: Database, box: Outbox) -> None:
    for wrong in WRONG:
        for one in (letter(to=wrong), letter(reply_to=wrong)):
            with pytest.raises(Refusal, match="bad_email"):
                await write(database, one)
    assert await box.page("acme") == ([], False)


async def test_several_claim_and_no_letter_goes_to_two(database: Database, database_url: str) -> None:
    await write(database, *(letter(text=str(n)) for n in range(60)))
    others = [await Database.open(database_url) for _ in range(2)]
    try:
        boxes = [Outbox(db) for db in (database, *others)]
        got = await asyncio.gather(*(box.claim(NOW, 7) for _ in range(4) for box in boxes))
    finally:
        for db in others:
            await db.close()
    mails = [claimed.mail for batch in got for claimed in batch]
    # SKIP LOCKED may leave some for the next round, never give one to two.
    rest = [claimed.mail for claimed in await Outbox(database).claim(NOW, 100)]
    assert len(set(mails)) == len(mails)
    assert len({*mails, *rest}) == 60 == len(mails) + len(rest)


async def test_a_crash_before_the_text_went_out_loses_nothing(database: Database, box: Outbox) -> None:
    await write(database, letter())
    first = await claim_one(box)
    assert await box.claim(NOW + outbox.LEASE_MS - 1, 10) == []
    second = await claim_one(box, NOW + outbox.LEASE_MS)
    assert second.mail == first.mail
    assert not await box.hand_over(first, NOW + outbox.LEASE_MS), "the lease is another's now"
    assert await box.hand_over(second, NOW + outbox.LEASE_MS)


async def test_a_crash_after_the_text_went_out_is_for_an_operator_to_judge(database: Database, box: Outbox) -> None:
    await write(database, letter())
    lost = await claim_one(box)
    assert await box.hand_over(lost, NOW)
    for later in (0, outbox.HANDING_MS - 1, outbox.HANDING_MS, outbox.GIVE_UP_MS):
        assert await box.claim(NOW + later, 10) == []
    assert (await kept_one(box)).state == "uncertain"
    async with database.begin() as tx:
        await box.again(tx, "acme", lost.mail, NOW + outbox.GIVE_UP_MS)
    fresh = await claim_one(box, NOW + outbox.GIVE_UP_MS)
    await box.sent(lost, NOW + outbox.GIVE_UP_MS)
    assert (await kept_one(box)).state == "waiting", "the sender that was given up has no say any more"
    assert await box.hand_over(fresh, NOW + outbox.GIVE_UP_MS)


async def test_a_passing_failure_comes_again_with_growing_pauses_and_an_end(
    database: Database, box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "GIVE_UP_MS", 2 * 3_600_000)
    await write(database, letter())
    now, pauses = NOW, []
    while claimed := await box.claim(now, 1):
        await box.postpone(claimed[0], now, "451 later", handed=False)
        kept = await kept_one(box)
        if kept.state == "given_up":
            break
        assert (kept.state, kept.error) == ("waiting", "451 later")
        wait = outbox.pause(claimed[0].attempts)
        assert await box.claim(now + wait - 1, 1) == []
        pauses.append(wait)
        now += wait
    assert pauses[:3] == [30_000, 60_000, 120_000]
    assert max(pauses) == outbox.LONGEST_PAUSE_MS
    assert outbox.GIVE_UP_MS <= now - NOW < outbox.GIVE_UP_MS + outbox.LONGEST_PAUSE_MS
    assert (await kept_one(box)).state == "given_up"


async def test_a_lasting_refusal_is_kept_with_the_servers_words(database: Database, box: Outbox) -> None:
    await write(database, letter())
    await box.refused(await claim_one(box), NOW, "550 no such mailbox " + "x" * 1000, handed=False)
    kept = await kept_one(box)
    assert (kept.state, kept.error[:19], len(kept.error)) == ("refused", "550 no such mailbox", outbox.ERROR_MAX)


async def test_who_is_late_is_not_written_to(database: Database, box: Outbox) -> None:
    await write(database, letter(expires_at=NOW + MINUTE, secret=True))
    assert await box.claim(NOW + MINUTE, 10) == []
    assert (await kept_one(box)).state == "expired"


async def test_a_sent_link_is_erased_at_once_and_a_lost_one_when_it_is_over(database: Database, box: Outbox) -> None:
    await write(database, letter(secret=True, text="Sent"), letter(secret=True, expires_at=NOW + MINUTE))
    for claimed in await box.claim(NOW, 10):
        await box.hand_over(claimed, NOW)
        await (box.sent(claimed, NOW) if claimed.text == "Sent" else box.uncertain(claimed, NOW, "cut"))
    assert {(kept.state, kept.text) for kept in (await box.page("acme"))[0]} == {("sent", ""), ("uncertain", "Come")}
    await box.tidy(NOW + MINUTE)
    assert {(kept.state, kept.text) for kept in (await box.page("acme"))[0]} == {("sent", ""), ("uncertain", "")}


async def test_what_came_to_its_end_goes_after_thirty_days_and_what_waits_stays(
    database: Database, box: Outbox
) -> None:
    await write(database, letter(key="sent"))
    sent = await claim_one(box)
    await box.hand_over(sent, NOW)
    await box.sent(sent, NOW)
    await write(database, letter(key="waits"))
    await box.tidy(NOW + outbox.KEEP_MS)
    assert len((await box.page("acme"))[0]) == 2
    await box.tidy(NOW + outbox.KEEP_MS + 1)
    assert (await kept_one(box)).state == "waiting"


async def test_only_what_did_not_go_can_be_sent_again(database: Database, box: Outbox) -> None:
    await write(database, letter())
    claimed = await claim_one(box)
    await box.hand_over(claimed, NOW)
    await box.sent(claimed, NOW)
    for pool, mail in (("acme", claimed.mail), ("else", claimed.mail), ("acme", "mail-none")):
        with pytest.raises(Refusal, match="not_found"):
            async with database.begin() as tx:
                await box.again(tx, pool, mail, NOW)


async def test_messages_that_wait_can_not_keep_sign_in_links_out(
    database: Database, box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "WAITING_MAX", 4)
    await write(database, letter(), letter())
    with pytest.raises(Refusal, match="too_many_messages"):
        await write(database, letter())
    await write(database, letter(secret=True), letter(secret=True), letter(pool="else"))
    with pytest.raises(Refusal, match="too_many_messages"):
        await write(database, letter(secret=True))
    assert len((await box.page("acme"))[0]) == 4


async def test_counting_starts_anew_each_day_and_a_refused_one_does_not_count(database: Database) -> None:
    async def one(now: int) -> None:
        async with database.begin() as tx:
            await outbox.count(tx, "from:bob@mail.example", 2, now)

    await one(NOW)
    await one(NOW)
    for _ in range(3):
        with pytest.raises(Refusal, match="too_many_messages"):
            await one(NOW)
    await one(NOW + outbox.DAY_MS)


async def test_an_address_can_be_forgotten(database: Database, box: Outbox) -> None:
    await write(database, letter(to="Bob@mail.example"), letter(reply_to="bob@mail.example"), letter(text="stays"))
    async with database.begin() as tx:
        await outbox.forget(tx, "acme", "BOB@Mail.example")
    assert (await kept_one(box)).text == "stays"


async def test_the_list_of_letters_goes_back_page_by_page(database: Database, box: Outbox) -> None:
    for n in range(5):
        await write(database, letter(text=str(n)), now=NOW + n)
    first, more = await box.page("acme", limit=3)
    assert ([kept.text for kept in first], more) == (["4", "3", "2"], True)
    rest, more = await box.page("acme", before=first[-1].at, limit=3)
    assert ([kept.text for kept in rest], more) == (["1", "0"], False)


async def test_who_waits_to_sign_in_comes_before_who_left_a_message(database: Database, box: Outbox) -> None:
    await write(database, *(letter(text=f"message {n}") for n in range(3)))
    await write(database, letter(text="link", secret=True), now=NOW + 1)
    first, _second = await box.claim(NOW + 1, 2)
    assert first.text == "link"


async def test_tidying_ends_what_a_lost_sender_left(database: Database, box: Outbox) -> None:
    """Also where nothing is sent any more."""
    await write(database, letter())
    await box.hand_over(await claim_one(box), NOW)
    await box.tidy(NOW + outbox.HANDING_MS)
    assert (await kept_one(box)).state == "uncertain"
