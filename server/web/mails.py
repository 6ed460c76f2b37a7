"""The outbox as a pool's operators see it over HTTP: what went, what waits, what went wrong; and once more."""

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from identity.audit import Action, note
from mail.outbox import Kept, Outbox
from server.house import House
from server.web.asking import answer, route
from server.web.editors import operating
from server.web.people import before_of

HIDDEN: Final = ""
"""In place of the text of a secret letter: whoever reads a sign-in link can be somebody else."""


def routes(house: House) -> list[Route]:
    """List, and send again."""
    outbox = Outbox(house.database)

    async def mails(request: Request) -> Response:
        """The newest fifty before `before` (ms), or of all."""
        who = await operating(request, house)
        found, more = await outbox.page(who.pool, before_of(request))
        shown = [_shown(kept, all_of_it=house.config.demo) for kept in found]
        return answer({"mails": shown, "sending": house.mailer.sends, "more": more})

    async def again(request: Request) -> Response:
        """Send a letter that did not go, or of which nobody knows whether it went; noted in the audit."""
        who = await operating(request, house)
        mail: str = request.path_params["mail"]
        now = house.clock.now_ms()
        async with house.database.begin() as tx:
            await outbox.again(tx, who.pool, mail, now)
            await note(
                tx, who.pool, now, Action(actor=who.subject, action="mail_again", object=f"mail:{mail}", reason="")
            )
        house.mailer.hint()
        return answer({})

    return [
        route("/v1/pools/{pool}/mails", mails, "GET"),
        route("/v1/pools/{pool}/mails/{mail}/again", again, "POST"),
    ]


def _shown(kept: Kept, *, all_of_it: bool) -> Kept:
    return kept if all_of_it or not kept.secret else msgspec.structs.replace(kept, text=HIDDEN)
