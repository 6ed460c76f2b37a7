"""Accounts: what a mail's reader can do, and nobody else. On both databases."""

import asyncio

import pytest
import sqlalchemy as sa

from ground.errors import Refusal
from ground.sql import Database
from identity import audit, store
from identity.accounts import HOUR_MS, INVITED_S, LINKS_AN_HOUR, Accounts
from identity.arrivals import Arrivals
from identity.links import Links, digest
from identity.sign_ins import SignIns
from identity.tokens import Identity
from tests.identity.mailbox import last_token, mails, write

NOW = 1_750_000_000_000
WORD = "a horse of paper"
MAIL = "uma@line.example"


async def signed_up(db: Database, email: str = MAIL, **more: str) -> Identity:
    device = more.pop("device", "d" * 32)
    await Accounts(db).sign_up("demo", email, "Uma", write, now=NOW, device=device, **more)
    token = await last_token(db, to=email)
    return await Arrivals(db).by_link(token, now=NOW + 1, agent="Browser", device=device)


async def count(db: Database, table: sa.Table) -> int:
    async with db.read() as tx:
        return int((await tx.execute(sa.select(sa.func.count()).select_from(table))).scalar_one())


async def test_an_account_is_made_when_the_link_is_followed_and_not_before(database: Database) -> None:
    await Accounts(database).sign_up("demo", " Uma@LINE.example ", "Uma", write, now=NOW, language="de")
    assert await count(database, store.accounts) == 0
    (mail,) = await mails(database)
    assert (mail.kind, mail.to, mail.secret) == ("sign_up", MAIL, True)
    who = await Arrivals(database).by_link(mail.text, now=NOW + 1, agent="Browser")
    assert (who.pool, who.role, who.name, who.subject) == ("demo", "user", "Uma", who.account)
    assert who.account.startswith("a-") and who.token_id and who.expires_at > NOW
    account = await Accounts(database).of(who.account)
    assert (account.email, account.language, account.has_password) == (MAIL, "de", False)


async def test_signing_up_again_mails_a_link_to_the_same_account(database: Database) -> None:
    first = await signed_up(database)
    await Accounts(database).sign_up("demo", "UMA@line.example", "Mallory", write, now=NOW + 2, language="es")
    assert [mail.kind for mail in await mails(database)] == ["sign_up", "have_account"]
    again = await Arrivals(database).by_link(await last_token(database), now=NOW + 3)
    assert (again.account, again.subject, again.name) == (first.account, first.subject, "Uma")
    assert again.token_id != first.token_id


async def test_links_of_two_sign_ups_followed_at_once_make_one_account(database: Database, database_url: str) -> None:
    other = await Database.open(database_url)
    for _ in range(2):
        await Accounts(database).sign_up("demo", MAIL, "Uma", write, now=NOW)
    tokens = [mail.text for mail in await mails(database)]
    doors = (Arrivals(database), Arrivals(other))
    came = await asyncio.gather(*(door.by_link(token, now=NOW + 1) for door, token in zip(doors, tokens, strict=True)))
    await other.close()
    assert len({who.account for who in came}) == 1 and len({who.subject for who in came}) == 1
    assert await count(database, store.accounts) == await count(database, store.memberships) == 1


async def test_a_password_holds_only_where_it_was_chosen(database: Database) -> None:
    """Whoever signs up with another's address must not know the password of the account that its owner then opens."""
    await Accounts(database).sign_up("demo", MAIL, "Mal", write, now=NOW, password=WORD, device="of-the-attacker")
    victim = await Arrivals(database).by_link(await last_token(database), now=NOW + 1, device="of-the-owner")
    assert not (await Accounts(database).of(victim.account)).has_password
    mine = await signed_up(database, "own@line.example", password=WORD)
    assert (await Accounts(database).of(mine.account)).has_password
    async with database.read() as tx:
        row = await store.account(tx, mine.account)
    assert row and row["password"].startswith("$argon2id$") and WORD not in str(row)


async def test_a_visitor_grows_into_the_account_only_in_their_own_browser(database: Database) -> None:
    arrivals = Arrivals(database)
    visitor = Identity(pool="demo", role="user", subject="u-7", name="Kim", expires_at=0, token_id="")
    before = await arrivals.of(visitor, "visitor", now=NOW)
    stranger = await Arrivals(database).by_link(await asked_as_visitor(database, "a@b.example"), now=NOW, device="no")
    assert stranger.subject == stranger.account
    grown = await arrivals.by_link(await asked_as_visitor(database, MAIL), now=NOW + 1, device="yes")
    assert grown.subject == "u-7" and grown.account
    assert await SignIns(database).check(before, NOW + 2) is None, "the visitor's cookie is none of the account"


async def asked_as_visitor(db: Database, email: str) -> str:
    await Accounts(db).sign_up("demo", email, "Kim", write, now=NOW, device="yes", visitor="u-7")
    return await last_token(db, to=email)


async def test_an_unknown_address_gets_a_mail_without_a_link_that_signs_in(database: Database) -> None:
    await Accounts(database).ask_link("demo", "user", "nobody@line.example", write, now=NOW)
    (mail,) = await mails(database)
    assert (mail.kind, mail.text) == ("no_account", "")


async def test_a_known_address_gets_a_link_for_what_it_may_be(database: Database) -> None:
    first = await signed_up(database)
    accounts, arrivals = Accounts(database), Arrivals(database)
    await accounts.ask_link("other", "user", MAIL, write, now=NOW + 2)
    elsewhere = await arrivals.by_link(await last_token(database, "other"), now=NOW + 3)
    assert (elsewhere.pool, elsewhere.account) == ("other", first.account)
    await accounts.ask_link("demo", "operator", MAIL, write, now=NOW + 2)
    assert (await mails(database))[-1].kind == "no_account"


async def test_an_address_gets_so_many_mails_an_hour_known_or_not(database: Database) -> None:
    accounts = Accounts(database)
    for n in range(LINKS_AN_HOUR + 2):
        await accounts.ask_link("demo", "user", MAIL, write, now=NOW + n)
        await accounts.sign_up("demo", "new@line.example", "New", write, now=NOW + n)
    assert len(await mails(database)) == 2 * LINKS_AN_HOUR
    await accounts.ask_link("demo", "user", MAIL, write, now=NOW + HOUR_MS + 10)
    assert len(await mails(database)) == 2 * LINKS_AN_HOUR + 1


async def test_the_link_is_written_with_its_mail_or_not_at_all(database: Database) -> None:
    def torn(*_said: str) -> tuple[str, str]:
        raise RuntimeError("no words")

    with pytest.raises(RuntimeError):
        await Accounts(database).ask_link("demo", "user", MAIL, torn, now=NOW)
    assert await count(database, store.links) == 0
    with pytest.raises(Refusal, match="bad_email"):
        await Accounts(database).ask_link("demo", "user", "a@b\r\nBcc: c@d.example", write, now=NOW)


async def test_an_invited_expert_keeps_their_profile_and_nobody_else(database: Database) -> None:
    accounts, arrivals = Accounts(database), Arrivals(database)
    await accounts.invite("demo", "expert", "ada@line.example", "Ada", write, by="olga", now=NOW, expert="ada")
    late = NOW + INVITED_S * 1000 - 1
    ada = await arrivals.by_link(await last_token(database, to="ada@line.example"), now=late)
    assert (ada.role, ada.subject, ada.name) == ("expert", "ada", "Ada")
    with pytest.raises(Refusal, match="expert_has_account"):
        await accounts.invite("demo", "expert", "eve@line.example", "Eve", write, by="olga", now=late, expert="ada")
    await accounts.invite("demo", "expert", "ada@line.example", "Ada", write, by="olga", now=late, expert="ada")
    (second, first) = await audit.page(database, "demo")
    assert (first.actor, first.action, first.object) == ("olga", "invite", "expert:ada")
    assert second.at == late


async def test_two_invitations_to_one_profile_make_one_expert(database: Database) -> None:
    accounts, arrivals = Accounts(database), Arrivals(database)
    for name in ("ada", "eve"):
        await accounts.invite("demo", "expert", f"{name}@line.example", name, write, by="olga", now=NOW, expert="ada")
    tokens = [mail.text for mail in await mails(database)]
    came = await asyncio.gather(*(arrivals.by_link(token, now=NOW + 1) for token in tokens), return_exceptions=True)
    assert sorted(type(one).__name__ for one in came) == ["Identity", "Refusal"]


async def test_whoever_was_invited_twice_or_asks_as_operator_is_one_account(database: Database) -> None:
    accounts, arrivals = Accounts(database), Arrivals(database)
    subject = await accounts.open("demo", "operator", "Olga@line.example", "Olga", now=NOW)
    await accounts.ask_link("demo", "operator", "olga@line.example", write, now=NOW)
    olga = await arrivals.by_link(await last_token(database), now=NOW + 1)
    assert (olga.role, olga.subject) == ("operator", subject)
    plain = await Links(database).create("demo", "operator", subject, "Olga", now=NOW)
    assert (await arrivals.by_link(plain, now=NOW + 1)).account == olga.account


async def test_the_password_signs_in_and_all_else_is_one_refusal(database: Database) -> None:
    arrivals = Arrivals(database)
    uma = await signed_up(database, password=WORD)
    await signed_up(database, "bare@line.example")
    who = await arrivals.by_password("demo", "user", "UMA@line.example", WORD, now=NOW + 2)
    assert (who.account, who.subject) == (uma.account, uma.subject)
    wrong = [
        ("user", MAIL, "another horse"), ("user", MAIL, ""), ("user", "nobody@line.example", WORD),
        ("user", "bare@line.example", ""), ("operator", MAIL, WORD), ("expert", MAIL, WORD),
    ]  # fmt: skip
    for role, email, word in wrong:
        with pytest.raises(Refusal) as refused:
            await arrivals.by_password("demo", role, email, word, now=NOW + 2)  # type: ignore[arg-type]
        assert (refused.value.code, refused.value.detail) == ("wrong_password", "")


async def test_a_new_password_ends_all_other_sign_ins(database: Database) -> None:
    accounts, sign_ins = Accounts(database), SignIns(database)
    uma = await signed_up(database, password=WORD)
    await accounts.ask_link("other", "user", MAIL, write, now=NOW + 1)
    other = await Arrivals(database).by_link(await last_token(database, "other"), now=NOW + 1)
    with pytest.raises(Refusal, match="wrong_password"):
        await accounts.set_password(uma, "a new horse of paper", "guess", fresh=False, now=NOW + 2)
    assert await sign_ins.check(other, NOW + 2)
    ended = await accounts.set_password(uma, "a new horse of paper", WORD, fresh=False, now=NOW + 3)
    assert [(one.pool, one.id) for one in ended] == [("other", other.token_id)]
    assert await sign_ins.check(other, NOW + 4) is None and await sign_ins.check(uma, NOW + 4)
    await accounts.set_password(uma, "the third horse", "", fresh=True, now=NOW + 5)
    assert await Arrivals(database).by_password("demo", "user", MAIL, "the third horse", now=NOW + 6)
    with pytest.raises(Refusal, match="password_guessable"):
        await accounts.set_password(uma, "uma@line.example", "", fresh=True, now=NOW + 7)


async def test_a_cookie_alone_does_not_set_the_first_password(database: Database) -> None:
    uma = await signed_up(database)
    for old in ("", WORD):
        with pytest.raises(Refusal, match="sign_in_again"):
            await Accounts(database).set_password(uma, "a horse of paper", old, fresh=False, now=NOW + 2)
    await Accounts(database).set_password(uma, "a horse of paper", "", fresh=True, now=NOW + 3)
    assert (await Accounts(database).of(uma.account)).has_password


async def test_a_new_name_is_told_with_the_next_look(database: Database) -> None:
    uma = await signed_up(database)
    await Accounts(database).rename(uma.account, " Uma the Second ")
    found = await SignIns(database).check(uma, NOW + 2)
    assert found and found.name == "Uma the Second"
    with pytest.raises(Refusal, match="empty_text"):
        await Accounts(database).rename(uma.account, "  ")
    with pytest.raises(Refusal, match="no_account"):
        await Accounts(database).rename("", "Kim")


async def test_no_secret_of_a_link_is_in_the_database(database: Database) -> None:
    await Accounts(database).sign_up("demo", MAIL, "Uma", write, now=NOW, password=WORD, device="the-device-secret")
    async with database.read() as tx:
        (row,) = (await tx.execute(sa.select(store.links))).mappings().all()
    token = await last_token(database)
    assert row["digest"] == digest(token) and row["device"] == digest("the-device-secret")
    assert all(secret not in str(dict(row)) for secret in (token, WORD, "the-device-secret"))
