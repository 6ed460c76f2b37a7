"""What an entry means to each audience, and how changes that wait become one."""

from typing import Any

import msgspec
import pytest

from presence.facts import ExpertFacts
from queueing.facts import PoolSnapshot, SessionFacts, TicketFacts
from server import views
from server.changes import Change, LightChange, LineDelta, QueueDelta, Whole
from server.mirror import Event, Mirror
from server.translate import Told, Translator
from sessions.facts import DeliveredFacts, SaidFacts, WhisperFacts
from wire import messages

ADA = ExpertFacts(
    cause="present", expert="ada", indicator="busy", declared="online", reason="", forced=False, present=True,
    open=True, engagement="in_session", since=5, until=0, offer="", session="s1", by="system",
)  # fmt: skip
ANN = TicketFacts(
    cause="joined", ticket="t1", user="ann", name="Ann", mode="chat", state="waiting", lines=[("ada", 3)], joined_at=7,
    connected=True, paused_until=0, pause_reason="", must_confirm=False, offer="", session="", reason="joined", by="",
)  # fmt: skip
TALK = SessionFacts(
    cause="live", session="s1", expert="ada", user="zoe", name="Zoe", ticket="t0", mode="chat", state="live",
    joined_at=1, matched_at=2, live_at=3, ended_at=0, cap_until=99, user_on=True, expert_on=True, gone_side="",
    gone_until=0, overtook=[], reason="", by="system",
)  # fmt: skip


def mirror() -> Mirror:
    return Mirror(
        PoolSnapshot(
            epoch="e",
            seq=0,
            at=0,
            settings={},
            experts=[ADA],
            tickets=[],
            offers=[],
            sessions=[TALK],
            deadlines=[],
            stats={},
        )
    )


def change(facts: Any, **fields: Any) -> Any:
    return msgspec.structs.replace(facts, **fields)


def told(truth: Mirror, *events: Event) -> Told:
    step = truth.apply(truth.seq + 1, 100, list(events))
    return Translator(truth, {"ada": "Ada"}.__getitem__).translate(step)


def of(changes: Told, topic: str) -> list[Change]:
    return [change for name, change in changes if name == topic]


def said(changes: Told, topic: str) -> list[messages.ServerMessage]:
    return [change.message() for change in of(changes, topic)]


def test_a_join_is_one_broadcast_for_the_line_and_one_ticket_for_its_user() -> None:
    changes = told(mirror(), ANN)
    assert said(changes, "line:ada") == [
        messages.LineChange(seq=1, at=100, expert="ada", joined=[3], left=[], moved=[], length=1)
    ]
    (mine,) = said(changes, "user:ann")
    assert isinstance(mine, messages.MyTicket)
    assert mine.places == [messages.LinePlace(expert="ada", ordinal=3, ahead=[], length=1, rate=0)]
    assert [topic for topic, _ in changes if topic.startswith("user:")] == ["user:ann"]
    (queue,) = said(changes, "queue:ada")
    assert isinstance(queue, messages.QueueChange)
    assert [waiter.ticket for waiter in queue.changed] == ["t1"]


def test_a_move_within_a_line_is_told_as_one() -> None:
    truth = mirror()
    told(truth, ANN)
    changes = told(truth, change(ANN, cause="moved", lines=[("ada", 0)], reason="vip", by="operator:o"))
    assert said(changes, "line:ada") == [
        messages.LineChange(seq=2, at=100, expert="ada", joined=[], left=[], moved=[(3, 0)], length=1)
    ]
    assert of(changes, "lights") == []


def test_the_number_of_those_who_wait_is_part_of_the_light() -> None:
    (light,) = of(told(mirror(), ANN), "lights")
    assert isinstance(light, LightChange)
    assert light.light.waiting == 1


def test_a_pause_moves_no_ordinal_and_no_light() -> None:
    truth = mirror()
    told(truth, ANN)
    changes = told(truth, change(ANN, cause="paused", paused_until=500, pause_reason="stepped_away"))
    assert of(changes, "line:ada") == []
    assert of(changes, "lights") == []
    assert len(of(changes, "queue:ada")) == 1


def test_a_light_is_told_only_when_it_looks_different() -> None:
    assert of(told(mirror(), change(ADA, cause="connected", engagement="ringing", offer="o1")), "lights") == []
    (light,) = of(told(mirror(), change(ADA, cause="idle", indicator="free", since=100)), "light:ada")
    assert isinstance(light, LightChange)
    assert light.light.indicator == "free"
    (gone,) = of(told(mirror(), change(ADA, cause="retired")), "lights")
    assert isinstance(gone, LightChange)
    assert (gone.light.indicator, gone.light.reason) == ("offline", "retired")


def test_what_happens_within_one_entry_is_told_as_its_outcome() -> None:
    truth = mirror()
    told(truth, ANN)
    back = change(ANN, cause="passed", reason="expert_missed")
    changes = told(truth, change(ANN, cause="offered", state="offered", offer="o1"), back)
    (mine,) = said(changes, "user:ann")
    assert isinstance(mine, messages.MyTicket)
    assert (mine.state, mine.reason) == ("waiting", "expert_missed")


@pytest.mark.parametrize(
    ("events", "topic", "code", "detail"),
    [
        ([change(ADA, cause="missed", declared="away", reason="missed")], "expert:ada", "missed_offer", "missed"),
        ([change(ADA, cause="declared", reason="lunch", by="operator:o")], "expert:ada", "forced_status", "lunch"),
        ([change(ANN, cause="moved", reason="vip", by="operator:o")], "user:ann", "moved_by_operator", "vip"),
        ([change(ANN, cause="done", state="done", lines=[], reason="rude", by="operator:o")], "user:ann",
         "removed_by_operator", "rude"),
        ([change(ANN, cause="done", state="done", lines=[], reason="grace", by="system")], "user:ann", "dropped",
         "grace"),
        ([change(ANN, cause="left", lines=[], reason="expert_offline", by="system")], "user:ann", "dropped",
         "expert_offline"),
        ([change(TALK, cause="ended", state="ended", reason="late", by="operator:o")], "user:zoe",
         "session_ended_by_operator", "late"),
    ],
)  # fmt: skip
def test_people_are_told_what_others_did_to_them(events: list[Event], topic: str, code: str, detail: str) -> None:
    notices = [message for message in said(told(mirror(), *events), topic) if isinstance(message, messages.Notice)]
    assert [(notice.code, notice.detail) for notice in notices] == [(code, detail)]


@pytest.mark.parametrize(
    "event",
    [
        change(ADA, cause="declared", reason="lunch"),
        change(ANN, cause="done", state="done", lines=[], reason="left"),
        change(ANN, cause="done", state="done", lines=[], reason="served", session="s1", by="operator:o"),
        change(TALK, cause="ended", state="ended", reason="ended", by="user"),
    ],
)
def test_nobody_is_told_what_they_did_themselves(event: Event) -> None:
    assert not [told_ for _topic, told_ in told(mirror(), event) if isinstance(told_.message(), messages.Notice)]


def test_what_is_said_reaches_both_sides_even_just_after_the_end() -> None:
    truth = mirror()
    line = SaidFacts(session="s1", n=1, side="user", text="hi", at=50, op="op")
    assert [topic for topic, _ in told(truth, line)] == ["user:zoe", "expert:ada"]
    told(truth, change(TALK, cause="ended", state="ended"))
    assert [topic for topic, _ in told(truth, DeliveredFacts(session="s1", side="expert", n=1))] == [
        "user:zoe",
        "expert:ada",
    ]
    assert told(truth, DeliveredFacts(session="s9", side="expert", n=1)) == []


def test_signals_keep_their_order_and_typing_only_its_last() -> None:
    translator = Translator(mirror(), str)
    candidate = WhisperFacts(session="s1", side="user", kind="candidate", data="x")
    typing = WhisperFacts(session="s1", side="user", kind="typing", data="")
    keys = [change_.key for event in (candidate, candidate, typing, typing) for _, change_ in translator.whisper(event)]
    assert len(set(keys)) == 3
    assert translator.whisper(WhisperFacts(session="gone", side="user", kind="typing", data="")) == []


def test_an_ended_session_reaches_both_sides_and_the_operators() -> None:
    changes = told(mirror(), change(TALK, cause="ended", state="ended", ended_at=100, reason="cap"))
    (user,), (expert,), (info,) = (said(changes, topic) for topic in ("user:zoe", "expert:ada", "operators"))
    assert isinstance(user, messages.Session)
    assert isinstance(expert, messages.Session)
    assert (user.partner, expert.partner) == ("Ada", "Zoe")
    assert isinstance(info, messages.SessionInfo)
    assert (info.state, info.reason) == ("ended", "cap")


def test_lights_that_wait_become_one_message() -> None:
    first, second = (
        LightChange(
            seq,
            seq * 10,
            messages.Light(expert=name, indicator="free", since=0, until=0, closes=0, reason="", waiting=0),
        )
        for seq, name in ((3, "ada"), (2, "bob"))
    )
    other = Whole("x", messages.Notice(code="n", at=0))
    lights, notice = Change.batch([first, other, second])
    assert isinstance(lights, messages.Lights)
    assert (lights.seq, lights.at, [light.expert for light in lights.lights]) == (3, 30, ["ada", "bob"])
    assert notice == other.said


def delta(joined: set[int], fate: dict[int, int | None]) -> LineDelta:
    return LineDelta(1, 1, "ada", frozenset(joined), fate, 0)


@pytest.mark.parametrize(
    ("first", "later", "joined", "left", "moved"),
    [
        (delta({5}, {}), delta(set(), {5: None}), [], [], []),
        (delta({5}, {}), delta(set(), {5: 0}), [0], [], []),
        (delta(set(), {3: 0}), delta(set(), {0: -1}), [], [], [(3, -1)]),
        (delta(set(), {3: 0}), delta(set(), {0: None}), [], [3], []),
        (delta(set(), {1: None}), delta({1}, {}), [1], [1], []),
        (delta(set(), {1: None}), delta({7}, {2: None}), [7], [1, 2], []),
    ],
)
def test_changes_of_a_line_add_up(
    first: LineDelta, later: LineDelta, joined: list[int], left: list[int], moved: list[tuple[int, int]]
) -> None:
    message = first.merge(later).message()
    assert isinstance(message, messages.LineChange)
    assert (message.joined, message.left, message.moved) == (joined, left, moved)


def test_queue_changes_keep_the_latest_of_each_ticket() -> None:
    truth = mirror()
    (first,) = of(told(truth, ANN), "queue:ada")
    (later,) = of(told(truth, change(ANN, cause="done", state="done", lines=[], reason="left")), "queue:ada")
    assert isinstance(first, QueueDelta)
    assert isinstance(later, QueueDelta)
    message = first.merge(later).message()
    assert isinstance(message, messages.QueueChange)
    assert (message.changed, message.gone) == ([], ["t1"])


def test_an_operators_reason_is_not_for_everybody() -> None:
    """A forced status shows as it is; why is for the expert and the journal."""
    truth = mirror()
    for forced, shown in ((False, "lunch"), (True, "")):
        away = change(ADA, cause="declared", indicator="away", declared="away", reason="lunch", forced=forced)
        assert views.light(truth, away).reason == shown
