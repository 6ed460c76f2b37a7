"""The door of the index: experts and allowed chats go in, questions come, experts come out."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct

from directory.expert import Expert
from directory.index import ranking, store, words
from directory.index.postgres import store as postgres_text
from directory.index.ranking import COLUMNS, Scales, Sought, Source, Totals
from directory.index.sqlite import store as sqlite_text
from ground.sql import Database, Tx

VERSION: Final = "1"
"""Of the text analysis: with another one everything is indexed anew."""
COMPLETIONS: Final = 8
PIECE: Final = 1_000
CORRECTED_MIN: Final = 5
UNKNOWN_MOST: Final = 3
"""Unknown words of one question that are taken apart or corrected."""
CHAT_MAX: Final = 100_000
"""Letters of one chat that are looked at."""
_FULL_TEXT: Final = {"sqlite": sqlite_text, "postgresql": postgres_text}
Change = tuple[dict[str, Any] | None, dict[str, Any] | None]
"""An entry before and after; None where there is none."""


class Hit(Struct, kw_only=True, frozen=True):
    """An expert who was found. `relevance` is 0 to 1. `words`: what of the question was found, as it was typed, and
    where; of chats nothing else is ever told."""

    expert: str
    relevance: float
    words: list[tuple[str, Source]]


class Entry(Struct, kw_only=True, frozen=True):
    """An expert as terms."""

    expert: str
    digest: str
    languages: str
    name: str
    headline: str
    expertise: str
    biography: str


def digest(expert: Expert) -> str:
    """Changes when what is indexed of `expert` does."""
    parts = (VERSION, expert.name, expert.headline, expert.biography, *expert.categories, "", *expert.languages)
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()


def entry(expert: Expert) -> Entry:
    """The terms of an expert. Takes milliseconds for a long biography; knows no database, so any thread may do it."""
    spoken = expert.languages
    tags = " ".join(expert.categories).replace("/", " ")
    return Entry(
        expert=expert.expert,
        digest=digest(expert),
        languages=" ".join(words.written_in("", spoken)),
        name=" ".join(words.terms_of(expert.name, spoken, whole=True)),
        headline=" ".join(words.terms_of(expert.headline, spoken)),
        expertise=" ".join(words.terms_of(tags, spoken, whole=True)),
        biography=" ".join(words.terms_of(expert.biography, spoken)),
    )


class Index:
    """What can be found in the pools of one database. Methods that write do so in the caller's transaction, and lock
    the pool's index until its end. All may raise database errors."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._text = _FULL_TEXT[db.kind]

    # ------------------------------------------------------------ what goes in

    async def put(self, tx: Tx, pool: str, entries: Sequence[Entry]) -> None:
        """Index experts, or index them anew; their chats stay."""
        if not entries:
            return
        await store.lock_pool(tx, pool)
        old = await store.find_entries(tx, pool, [one.expert for one in entries])
        taught = await store.chats_of(tx, pool, [one.expert for one in entries if one.expert not in old])
        changes: list[Change] = []
        for one in entries:
            before = old.get(one.expert)
            chats = before["chats"] if before else taught.get(one.expert, "")
            row = {name: getattr(one, name) for name in Entry.__struct_fields__}
            changes.append((before, row | {"pool": pool, "chats": chats}))
        await self._change(tx, pool, changes)

    async def catch_up(self, pool: str, most: int = 50) -> int:
        """Index what has changed in the directory, at most `most` experts; how many were looked at."""
        async with self._db.read() as tx:
            marks = await store.stale_experts(tx, pool, most)
            rows = await store.profiles(tx, pool, list(marks)) if marks else ()
            people = [Expert(**row) for row in rows]
            unchanged = await self.unchanged(tx, pool, people)
        if not marks:
            return 0
        entries = await asyncio.to_thread(lambda: [entry(one) for one in people if one.expert not in unchanged])
        await self._take(pool, marks, entries, marks.keys() - {one.expert for one in people})
        return len(marks)

    async def _take(self, pool: str, marks: dict[str, int], entries: Sequence[Entry], gone: set[str]) -> None:
        """Take over what was read, as far as nobody has changed it since."""
        async with self._db.begin() as tx:
            taken = await store.take_stale(tx, pool, marks)
            await self.put(tx, pool, [one for one in entries if one.expert in taken])
            await self.remove(tx, pool, sorted(gone & taken))

    async def behind(self) -> set[str]:
        """The pools whose index is not what the directory says."""
        async with self._db.read() as tx:
            return await store.stale_pools(tx)

    async def remove(self, tx: Tx, pool: str, experts: Sequence[str]) -> None:
        """Forget experts, and what their chats taught."""
        if not experts:
            return
        await store.lock_pool(tx, pool)
        await store.drop_chats(tx, pool, "expert", experts)
        old = await store.find_entries(tx, pool, experts)
        await self._change(tx, pool, [(row, None) for row in old.values()])

    async def add_chat(self, tx: Tx, pool: str, expert: str, session: str, user: str, text: str) -> None:
        """Let a chat that its user allowed help to find `expert`, once for each session. Only its words are kept,
        without their order."""
        await store.lock_pool(tx, pool)
        known = (await store.find_entries(tx, pool, [expert])).get(expert)
        spoken = str(known["languages"]).split() if known else ["en"]
        terms = " ".join(await asyncio.to_thread(words.chat_terms, text[:CHAT_MAX], spoken))
        row = {"pool": pool, "session": session, "expert": expert, "user": user, "terms": terms}
        if await store.add_chat(tx, row):
            await self._teach(tx, pool, {expert})

    async def forget_chat(self, tx: Tx, pool: str, session: str) -> None:
        """The user of a session takes back what they allowed."""
        await store.lock_pool(tx, pool)
        await self._teach(tx, pool, await store.drop_chats(tx, pool, "session", [session]))

    async def forget_user(self, tx: Tx, pool: str, user: str) -> None:
        """Nothing of a user's chats helps to find anybody any more."""
        await store.lock_pool(tx, pool)
        await self._teach(tx, pool, await store.drop_chats(tx, pool, "user", [user]))

    async def _teach(self, tx: Tx, pool: str, experts: set[str]) -> None:
        old = await store.find_entries(tx, pool, sorted(experts))
        taught = await store.chats_of(tx, pool, sorted(old))
        await self._change(tx, pool, [(row, row | {"chats": taught.get(expert, "")}) for expert, row in old.items()])

    async def _change(self, tx: Tx, pool: str, changes: Sequence[Change]) -> None:
        """Replace entries, in the full text and in the totals of the pool."""
        totals = await store.lock_pool(tx, pool)
        before = [old for old, _ in changes if old]
        await self._text.forget(tx, before)
        await store.drop_entries(tx, [old["entry"] for old, new in changes if old and not new])
        numbers = await store.add_entries(tx, [new for old, new in changes if new and not old])
        after = [
            new | {"entry": old["entry"] if old else numbers[new["expert"]]} for old, new in changes if new is not None
        ]
        await store.set_entries(tx, [row for row in after if row["expert"] not in numbers])
        await self._text.write(tx, after)
        await store.count_words(tx, pool, _vocabulary(before, after))
        await store.set_pool(tx, _totals(totals, before, after))

    # ------------------------------------------------------------ what comes out

    async def unchanged(self, tx: Tx, pool: str, experts: Sequence[Expert]) -> set[str]:
        """Those of `experts` who are indexed as they are."""
        known = await store.digests(tx, pool, [one.expert for one in experts])
        return {one.expert for one in experts if known.get(one.expert) == digest(one)}

    async def search(
        self, pool: str, question: str, limit: int = ranking.CANDIDATES, keep: Callable[[str], bool] | None = None
    ) -> list[Hit]:
        """The experts who answer `question` best, best first; with `keep`, only of those it is true for."""
        async with self._db.read() as tx:
            row = await store.find_pool(tx, pool)
            if row is None or not row["experts"]:
                return []
            totals = Totals(row["experts"], row["terms"])
            sought = await _sought(tx, pool, question, list(row["languages"]))
            if not sought:
                return []
            groups = [(one.terms, ranking.rarity(one.experts, totals.experts)) for one in ranking.picking(sought)]
            weights = [ranking.WEIGHTS[column].weight for column in COLUMNS]
            enough = max(limit, ranking.CANDIDATES)
            if keep is None:
                texts = await self._text.find(tx, pool, groups, weights, enough, ranking.LOOKED_MOST, whole=True)
            else:
                everybody = totals.experts
                found = await self._text.find(tx, pool, groups, weights, everybody, everybody, whole=False)
                texts = await store.texts(tx, await _kept(found, keep, enough))
        scales = Scales(sought, totals)
        hits = [_hit(row, scales) for row in texts]
        return sorted((hit for hit in hits if hit.words), key=lambda hit: (-hit.relevance, hit.expert))[:limit]


async def _sought(tx: Tx, pool: str, question: str, languages: Sequence[str]) -> list[Sought]:
    """The words of a question that somebody has; one that nobody has is completed, taken apart or corrected, if it can
    be."""
    asked = words.question(question, languages)
    known = await store.frequencies(tx, pool, {term for one in asked for term in one.terms})
    found, unknown = [], 0
    for one in asked:
        terms = {term: known[term] for term in one.terms if term in known}
        share = 1.0
        if not terms:
            share = ranking.COMPLETED
            if one.typing:
                terms = await _completed(tx, pool, one)
            if not terms and unknown < UNKNOWN_MOST:
                unknown += 1
                terms = await _apart(tx, pool, one, languages) or await _corrected(tx, pool, one)
        if terms:
            found.append(Sought(one.word, tuple(terms), max(terms.values()), share))
    return found


async def _kept(found: Sequence[Any], keep: Callable[[str], bool], enough: int) -> list[int]:
    """The entries of the first `enough` experts who are wanted. Thousands are gone through in pieces."""
    kept: list[int] = []
    for start in range(0, len(found), PIECE):
        kept += [number for number, expert in found[start : start + PIECE] if keep(expert)]
        if len(kept) >= enough:
            break
        await asyncio.sleep(0)
    return kept[:enough]


async def _completed(tx: Tx, pool: str, asked: words.Asked) -> dict[str, int]:
    """The terms that a half-typed word begins."""
    start = words.term(words.fold(asked.word.lower()))
    return await store.beginning_with(tx, pool, start, COMPLETIONS) if len(start) > 1 else {}


async def _apart(tx: Tx, pool: str, asked: words.Asked, languages: Sequence[str]) -> dict[str, int]:
    """The terms of two known words that were written together."""
    pairs = words.halves(asked.word, languages)
    known = await store.frequencies(tx, pool, {term for pair in pairs for term in pair}) if pairs else {}
    both = next((pair for pair in pairs if all(term in known for term in pair)), ())
    return {term: known[term] for term in both}


async def _corrected(tx: Tx, pool: str, asked: words.Asked) -> dict[str, int]:
    """The terms one slip of the hand away."""
    plain = [term for term in asked.terms if term.isalpha() and len(term) >= CORRECTED_MIN][:1]
    near = await store.frequencies(tx, pool, words.misspelt(plain[0])) if plain else {}
    return dict(sorted(near.items(), key=lambda item: (-item[1], item[0]))[:COMPLETIONS])


def _hit(row: Any, scales: Scales) -> Hit:
    expert, *texts = row
    weighed = scales.weigh([f" {text} " if text else " " for text in texts])
    return Hit(expert=expert, relevance=weighed.relevance, words=weighed.finds)


def _vocabulary(before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> dict[str, int]:
    """With how many more (or fewer) experts each term is found."""
    counted: Counter[str] = Counter()
    for rows, one in ((before, -1), (after, 1)):
        for row in rows:
            for term in {term for column in COLUMNS for term in str(row[column]).split()}:
                counted[term] += one
    return {term: count for term, count in counted.items() if count}


def _totals(now: Any, before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> dict[str, Any]:
    terms, languages = Counter(now["terms"]), Counter(now["languages"])
    for rows, one in ((before, -1), (after, 1)):
        for row in rows:
            terms.update({column: one * (str(row[column]).count(" ") + bool(row[column])) for column in COLUMNS})
            languages.update(dict.fromkeys(str(row["languages"]).split(), one))
    return {
        "pool": now["pool"],
        "experts": now["experts"] + len(after) - len(before),
        "terms": dict(terms),
        "languages": {code: count for code, count in sorted(languages.items()) if count > 0},
    }
