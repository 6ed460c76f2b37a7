"""Experts on a shelf: an index filled for a test, on whichever database."""

from directory.expert import Expert
from directory.index.index import Hit, Index, entry
from ground.sql import Database


class Shelf:
    """One pool's index."""

    def __init__(self, db: Database, pool: str = "p") -> None:
        self.db, self.pool, self.index = db, pool, Index(db)

    async def put(self, *experts: Expert) -> None:
        async with self.db.begin() as tx:
            await self.index.put(tx, self.pool, [entry(one) for one in experts])

    async def remove(self, *experts: str) -> None:
        async with self.db.begin() as tx:
            await self.index.remove(tx, self.pool, experts)

    async def chat(self, expert: str, session: str, text: str, user: str = "u1") -> None:
        async with self.db.begin() as tx:
            await self.index.add_chat(tx, self.pool, expert, session, user, text)

    async def hits(self, question: str, limit: int = 200) -> list[Hit]:
        return await self.index.search(self.pool, question, limit)

    async def found(self, question: str) -> list[str]:
        return [hit.expert for hit in await self.hits(question)]

    async def why(self, question: str, expert: str) -> list[tuple[str, str]]:
        return next((list(hit.words) for hit in await self.hits(question) if hit.expert == expert), [])


def expert(name: str, biography: str = "", *tags: str, headline: str = "", languages: str = "en") -> Expert:
    return Expert(
        expert=name, name=name.title(), headline=headline, biography=biography, categories=list(tags),
        languages=languages.split(),
    )  # fmt: skip
