"""Who carries the media of a session: finds a media worker, hands the session to it, and to another when it is gone."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import structlog

from ground.errors import Refusal
from queueing.facts import SessionFacts, Side
from queueing.media import Media
from sessions.media.orders import Answer, Offer, Order, Probe, Refused, Result
from sessions.media.post import Post, Unanswered
from sessions.media.workers import Workers, key_of

ANSWER_S: Final = 3.0
"""How long a worker has for an answer before another is asked."""
TRIES: Final = 3
TESTS: Final = 2
_ELSEWHERE: Final = frozenset({"no_media", "media_full", "no_such_session"})
"""What a worker says that cannot take a session; another may."""
_log = structlog.get_logger("openline.bridging")


class Answered(NamedTuple):
    """What a worker answered to a browser's offer."""

    worker: str
    sdp: str


class Bridging:
    """Brings sessions to media workers. All methods may raise Refusal and StoreUnavailable."""

    def __init__(self, media: Media, workers: Workers, post: Post) -> None:
        self._media = media
        self._workers = workers
        self._post = post

    async def claim(
        self, pool: str, session: str, *, instead: str = "", lines: int = 0, phones: Sequence[Side] = ()
    ) -> str:
        """The worker that carries the session; if that is still `instead` ("": none), another takes its place.

        `lines` are the telephone lines that it needs, `phones` the sides that are on the telephone.
        Refuses no_media, media_full, phone_full, no_such_session, session_over, not_bridged.
        """
        chosen = await self._workers.choose(key_of(pool, session), lines, not_worker=instead)
        worker: str = (await self._media.bridge(pool, session, chosen, instead, phones))["worker"]
        if worker or not instead:
            return worker
        return str((await self._media.bridge(pool, session, chosen, "", phones))["worker"])

    async def offer(self, pool: str, facts: SessionFacts, side: Side, peer: str, sdp: str) -> Answered:
        """A worker's answer to the offer of a browser. Its session goes to another worker where the one that has it
        does not answer; one with telephones does not, for they would be hung up.

        Refuses as `claim`, and bad_sdp.
        """
        order = Offer(pool, facts.session, side, peer, sdp)
        worker, refused = facts.worker, Refusal("no_media")
        for _ in range(TRIES):
            if not worker:
                if facts.mode == "phone":
                    raise Refusal("no_media")
                worker = await self.claim(pool, facts.session)
            said = await self._ask(worker, order)
            if isinstance(said, Answer):
                return Answered(worker, said.sdp)
            if said.code not in _ELSEWHERE or facts.mode == "phone":
                raise Refusal(said.code, said.detail)
            _log.warning("worker_does_not_answer", pool=pool, session=facts.session, worker=worker, code=said.code)
            refused = Refusal(said.code, said.detail)
            # Who says that it carries no such session is well; the store has given it to nobody, or to another.
            gone = "" if said.code == "no_such_session" else worker
            worker = await self.claim(pool, facts.session, instead=gone)
        raise refused

    async def probe(self, peer: str, sdp: str) -> Answered:
        """Some worker's answer to an offer that only tries the way. Refuses no_media, media_full, bad_sdp."""
        worker, refused = "", Refusal("no_media")
        for _ in range(TESTS):
            worker = await self._workers.choose("", not_worker=worker)
            said = await self._ask(worker, Probe(peer, sdp))
            if isinstance(said, Answer):
                return Answered(worker, said.sdp)
            refused = Refusal(said.code, said.detail)
            if said.code not in _ELSEWHERE:
                break
        raise refused

    async def _ask(self, worker: str, order: Order) -> Answer | Refused:
        try:
            said: Result = await self._post.ask(worker, order, ANSWER_S)
        except Unanswered:
            return Refused("no_media")
        except Refusal as refusal:
            return Refused(refusal.code, refusal.detail)
        return said if isinstance(said, Answer | Refused) else Refused("no_media")
