"""What the journal says about an expert: the whole state after each change."""

from typing import Literal

from msgspec import Struct

Declared = Literal["online", "away", "offline"]
Engagement = Literal["idle", "ringing", "in_session", "wrap_up"]
Indicator = Literal["free", "ringing", "busy", "wrap-up", "away", "closed", "offline"]


class ExpertFacts(Struct, tag_field="k", tag="expert", kw_only=True):
    """An expert after a change. Times are milliseconds since 1970, 0 where there is none.

    `cause` names what happened: enrolled, declared, missed, present, gone, opened, closed, closing_soon, ringing,
    in_session, wrap_up, idle, retired. `opened` and `closed` also tell of other hours while that stays as it is.
    `since` is when the indicator took its present value, `until` when it is known to end. `closes` is when the present
    opening ends, `open_until` the end of "available now for".
    `forced`: an operator declared it, so that `reason` is not for everybody. `by` is "" for the expert themself, else
    `operator:<id>` or `system`.
    """

    cause: str
    expert: str
    indicator: Indicator
    declared: Declared
    reason: str
    forced: bool
    present: bool
    open: bool
    engagement: Engagement
    since: int
    until: int
    offer: str
    session: str
    by: str
    closes: int = 0
    open_until: int = 0
