"""The clock of a session, kept as the intervals in which it ran. What the time costs is not the model's business."""

from tests.model.core import Core
from tests.model.state import Session

LEASE_MS = 8_000
DOUBT_MS = 3_000
"""A process that has not renewed its lease for longer than this may be dead."""
SIDES = ("user", "expert")


class Clock(Core):
    """Who is heard of, and what that means for the clock. `now` is milliseconds."""

    # ------------------------------------------------------------ evidence

    def sign_of(self, process: str, session: Session, side: str, now: int, doubting: bool) -> int | None:
        """When the process last heard of the side; None while it does."""
        signs = [session.quiet[side, process]] if (side, process) in session.quiet else []
        renewed = self.leases.get(process, now + LEASE_MS) - LEASE_MS
        if doubting and now - renewed > DOUBT_MS:
            signs.append(renewed)
        return min(signs, default=None)

    def worker_until(self, session: Session, now: int) -> int | None:
        """The last sign of the session's media worker where it may be dead; None where it isn't."""
        renewed = self.leases.get(session.worker, now + LEASE_MS) - LEASE_MS
        return renewed if now - renewed > DOUBT_MS else None

    def media_gone_since(self, session: Session, side: str, now: int, doubting: bool) -> int | None:
        """The same by the word of the media worker, who may be dead."""
        signs = [session.cut[side]] if side in session.cut else []
        last = self.worker_until(session, now) if doubting else None
        return min(signs if last is None else [*signs, last], default=None)

    def gone_since(self, session: Session, side: str, now: int, doubting: bool) -> int | None:
        """When a side was last heard of; None while somebody hears it and its media flow."""
        if session.bridged and side not in session.by_chat:
            return self.media_gone_since(session, side, now, doubting)
        member = session.user if side == "user" else session.expert
        signs = [self.sign_of(p, session, side, now, doubting) for p in self.attached.get((side, member), ())]
        gone = [session.cut[side]] if side in session.cut else []
        if None not in signs:
            known = [sign for sign in signs if sign is not None]
            left = [session.last_seen[side]] if side in session.last_seen else []
            gone.append(max(known + left, default=now))
        return min(gone, default=None)

    def let_go(self, process: str, side: str, member: str, seen: int, now: int) -> None:
        """A process holds the member no more; until `seen` it knew of them."""
        if session := self.session_with(side, member):
            quiet = session.quiet.pop((side, process), seen)
            session.last_seen[side] = max(session.last_seen.get(side, 0), min(quiet, seen))
            self.look(session, now)

    def session_with(self, side: str, member: str) -> Session | None:
        if side == "expert":
            return self.experts[member].session if member in self.experts else None
        found = [e.session for e in self.experts.values() if e.session and e.session.user == member]
        return found[0] if found else None

    # ------------------------------------------------------------ the clock

    def look(self, session: Session, now: int, doubted: str = "") -> None:
        """The clock runs while both sides are heard of; else it has stood still since the first of their last signs."""
        if session.state != "live":
            return
        gone = {side: self.gone_since(session, side, now, side == doubted) for side in SIDES}
        silent = [side for side in SIDES if gone[side] is not None]
        before = session.frozen, session.ran(now)
        if not silent and not session.running:
            session.runs.append([now, 0])
        elif silent:
            self.stop(session, min(at for at in gone.values() if at is not None))
        session.frozen = "both" if len(silent) == 2 else "".join(silent)
        if session.frozen and (session.frozen, session.ran(now)) != before:
            longest = session.live_at + session.ran(now) + self.settings.frozen_max_ms
            session.frozen_until = max(longest, now) if session.rate else 0
        self.warn(session, now)

    @staticmethod
    def stop(session: Session, at: int) -> None:
        """Whether it runs or has been stopped already: what turns out to be the last sign counts, if it is earlier."""
        if session.runs:
            begin, end = session.runs[-1]
            session.runs[-1] = [begin, max(begin, min(at, end or at))]

    def stop_for_good(self, session: Session, now: int) -> None:
        """The end of the session, where those who may be dead are taken for dead."""
        gone = [self.gone_since(session, side, now, True) for side in SIDES]
        self.stop(session, min([at for at in gone if at is not None], default=now))
        session.frozen = ""

    # ------------------------------------------------------------ money's deadlines

    def warn(self, session: Session, now: int) -> None:
        """Both are told once that the last minute has begun."""
        if session.rate and session.running and self.last_minute(session) <= now:
            session.minute_told = True

    def more_money(self, session: Session, budget_ms: int, now: int) -> None:
        """Whoever has more than a minute again is warned again."""
        session.budget_ms = budget_ms
        if session.state == "live":
            left = min(session.budget_ms - session.ran(now), session.cap_until - now)
            session.minute_told = session.minute_told and left <= 60_000
            self.warn(session, now)
