"""Feedback: given after a session, answered by its expert, hidden by operators, read by everybody."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from directory.news import News
from ground.clock import Clock
from ground.errors import Refusal
from ground.sql import Database, Tx
from server.catalogue import Catalogue
from server.connection import Connection
from server.desks.desk import Handlers
from server.pages import View
from sessions.conversation import Conversation
from sessions.feedback import Also, Feedback, Given
from sessions.standing import NONE
from wire import messages

WORDS_MAX: Final = 2000
"""Messages of one chat that help others to find its expert: all that a chat can hold."""
Teach = Callable[[Tx, str, str, str, str, str], Awaitable[None]]
"""Puts the words of a chat into the index, in a transaction: pool, expert, session, user, text."""


class FeedbackDesk:
    """Answers the four messages about feedback. Without `teach` chats stay out of the index."""

    def __init__(
        self, db: Database, conversation: Conversation, catalogue: Catalogue, news: News, clock: Clock,
        teach: Teach | None = None,
    ) -> None:  # fmt: skip
        self._catalogue = catalogue
        self._feedback = Feedback(db, conversation)
        self._conversation = conversation
        self._news = news
        self._clock = clock
        self._teach = teach

    def handlers(self) -> Handlers:
        return {
            messages.FeedbackOf: self._of,
            messages.GiveFeedback: self._give,
            messages.AnswerFeedback: self._answer,
            messages.HideFeedback: self._hide,
        }

    async def _of(self, conn: Connection, ask: messages.FeedbackOf) -> messages.FeedbackPage:
        view: View = conn.view
        if ask.expert not in view.page.experts:
            raise Refusal("unknown_expert", ask.expert)
        operator = conn.role == "operator"
        page = await self._feedback.page(conn.pool, ask.expert, ask.before, ask.limit, hidden=operator)
        standing = view.page.standings.get(ask.expert, NONE)
        return messages.FeedbackPage(
            id=ask.id,
            expert=ask.expert,
            stars=standing.stars,
            ratings=standing.ratings,
            distribution=list(standing.distribution),
            items=[item(given) for given in page.items],
            more=page.more,
        )

    async def _give(self, conn: Connection, ask: messages.GiveFeedback) -> messages.Ok:
        view: View = conn.view
        given = await self._feedback.give(
            conn.pool, ask.session, conn.member, ask.stars, ask.text,
            may_teach=ask.may_teach, after_s=view.page.pool.options.feedback_after_s, op=ask.op,
            now=self._clock.now_ms(), also=await self._lesson(conn, ask),
        )  # fmt: skip
        await self._changed(conn.pool, given.expert)
        return messages.Ok(id=ask.id)

    async def _lesson(self, conn: Connection, ask: messages.GiveFeedback) -> Also | None:
        """With the user's consent: the words of both sides into the index, with the feedback or not at all."""
        teach = self._teach
        if not ask.may_teach or teach is None:
            return None
        met = await self._conversation.session(conn.pool, ask.session, "user", conn.member)
        said = await self._conversation.history(conn.pool, ask.session, "user", conn.member, 0, WORDS_MAX)
        words = "\n".join(line.text for line in said.lines if not line.unsaid)

        async def lesson(tx: Tx) -> None:
            await teach(tx, conn.pool, met.expert, ask.session, conn.member, words)

        return lesson if words else None

    async def _answer(self, conn: Connection, ask: messages.AnswerFeedback) -> messages.Ok:
        now = self._clock.now_ms()
        given = await self._feedback.answer(conn.pool, ask.feedback, conn.member, ask.text, op=ask.op, now=now)
        await self._changed(conn.pool, given.expert)
        return messages.Ok(id=ask.id)

    async def _hide(self, conn: Connection, ask: messages.HideFeedback) -> messages.Ok:
        now = self._clock.now_ms()
        given = await self._feedback.hide(conn.pool, ask.feedback, ask.hidden, ask.reason, conn.member, now=now)
        await self._changed(conn.pool, given.expert)
        return messages.Ok(id=ask.id)

    async def _changed(self, pool: str, expert: str) -> None:
        """Whoever asks here next sees it; all others hear of it."""
        with suppress(Refusal):  # feedback outlives its expert's profile
            await self._catalogue.reread(pool, expert)
        await self._news.profile(pool, expert)


def item(given: Given) -> messages.FeedbackItem:
    """Feedback as pages get it."""
    return messages.FeedbackItem(
        feedback=given.feedback,
        stars=given.stars,
        text=given.text,
        at=given.at,
        answer=given.answer,
        answered_at=given.answered_at,
        pinned=given.pinned,
        label="",
        hidden=given.hidden,
        hidden_reason=given.hidden_reason,
    )
