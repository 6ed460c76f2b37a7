"""The registry of media workers: who is there, who takes the next session, and the way of a letter to one of them.

All workers stand in one slot of the live store, whatever pools they serve.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from ground.store import Store

EVERYWHERE: Final = "~media"
"""The pool name under which the workers stand; no pool of the directory can be called so."""
LEASE_S: Final = 8.0
"""A worker that has not enlisted for so long is there no more."""
RENEW_S: Final = 2.0


class Listed(Struct, frozen=True):
    """One worker: how many sessions it takes and has, how many calls it could make now (0: no telephone), and whether
    it can say words there."""

    worker: str
    most: int
    carries: int
    lines: int
    speaks: bool = False


class Caller(Struct, frozen=True):
    """Who makes a call of its own, and whether it can say something there."""

    worker: str
    speaks: bool


class Workers:
    """The media workers of one store. All methods raise StoreUnavailable; `now` is in milliseconds, 0 the store's."""

    def __init__(self, store: Store) -> None:
        self._call = store.call

    async def enlist(
        self, worker: str, most: int, carries: int, lines: int = 0, took: Sequence[str] = (), *, speaks: bool = False,
        now: int = 0,
    ) -> None:  # fmt: skip
        """The worker is there for `LEASE_S` more, takes `most` sessions and carries so many.

        `took` are the keys it was chosen for (see `choose`) and carries by now: from now on `carries` counts them.
        Refuses media_full: no more workers can be there at once.
        """
        args = {
            "worker": worker, "most": most, "carries": carries, "lines": lines, "took": list(took), "speaks": speaks,
        }  # fmt: skip
        await self._call("enlist", EVERYWHERE, args, now=now)

    async def stand_down(self, worker: str, *, now: int = 0) -> None:
        """The worker takes nothing any more; what it carries it may go on carrying."""
        await self._call("stand_down", EVERYWHERE, {"worker": worker}, now=now)

    async def choose(self, key: str, phone: int = 0, not_worker: str = "", *, now: int = 0) -> str:
        """Who is to take what is called `key` (see `key_of`): the least loaded worker with room and `phone` free lines.

        The same again for a while, unless that is `not_worker`. Until the worker counts it itself it is booked there;
        with an empty key nothing is.
        Refuses no_media (no worker at all), media_full, phone_full (no worker has so many lines free).
        """
        args = {"key": key, "lines": int(phone), "not_worker": not_worker}
        answer = await self._call("choose", EVERYWHERE, args, now=now)
        return str(answer["worker"])

    async def choose_caller(self, lines: int = 1, *, now: int = 0) -> Caller:
        """Who is to make calls that are no session's: the least loaded that speaks, else the least loaded. Nothing is
        booked. Refuses as `choose`."""
        answer = await self._call("choose_caller", EVERYWHERE, {"lines": lines}, now=now)
        return Caller(str(answer["worker"]), bool(answer["speaks"]))

    async def listed(self, *, now: int = 0) -> list[Listed]:
        """Who is there, by name."""
        answer = await self._call("listed", EVERYWHERE, now=now)
        return [Listed(*each) for each in answer["workers"]]

    async def post(self, to: str, sender: str, mail: str, body: str, answers: str = "", *, now: int = 0) -> None:
        """Send the letter `mail` to the worker `to`, or to whoever is waiting for the answer to the letter `answers`.

        Refuses no_media when `to` is no worker that is there.
        """
        args = {"to": to, "sender": sender, "mail": mail, "body": body, "answers": answers}
        await self._call("post", EVERYWHERE, args, now=now)


def key_of(pool: str, session: str) -> str:
    """What a session is called when a worker is chosen for it."""
    return f"{pool}/{session}"
