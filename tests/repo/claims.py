"""The promises, the tests marked with them, and the page docs/claims.md made from both.

`python -m tests.repo.claims` writes the page.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.repo import house

PAGE = house.ROOT / "docs" / "claims.md"

PROMISES: dict[str, str] = {
    "A1": "One click on the light of any web page opens the panel, which connects to a free expert or says why not",
    "A2": "The panel connects by telephone",
    "A3": "Away, offline, closed, in a session, line full: each has its own words",
    "A4": "Experts enter their weekly hours and their exceptions",
    "A5": "The panel shows those hours in the reader's time zone",
    "A6": "Nobody is connected outside the expert's hours",
    "A7": "The panel says live that the expert is in another session",
    "A8": "Connecting at once to a busy expert is refused by name, and the line is offered instead",
    "A9": "A message can be left when the expert cannot be had",
    "A10": "The rate is shown",
    "A11": "The profile shows the history of feedback",
    "A12": "Experts are listed by category with live lights",
    "A13": "The user is asked how it was",
    "A14": "Experts are credited by the second",
    "A15": "The credit is the amount less a fee",
    "A16": "Users have an account and make deposits",
    "A17": "Time is charged by the server's clock",
    "A18": "The balance's minutes are told, counted down, and cut at zero",
    "A19": "A deposit can be made before and during a call",
    "A20": "Thirty seconds or less leave no transaction",
    "B1": "A directory and an applet from the server show who is available and contact the one who is picked",
    "B2": "Photographs",
    "B3": "Testimonials",
    "B4": "Biographies",
    "B5": "Length of service",
    "B6": "Areas of expertise",
    "B7": "Earlier meetings",
    "B8": "Everybody sees who is free and who is helping somebody",
    "B9": "The light tells it by colour, shape and words",
    "B10": "The applet is one JavaScript file from the server, no plug-in",
    "B11": "Each expert's states are kept as a history, with the time in each",
    "B12": "Who waits for whom, and how long already, is tracked and shown; the user sees place and expected wait",
    "B13": "Pick a free expert or join the line of a busy one, one gesture each",
    "B14": "Move from one line to another or to a free expert in one step, and never lose the place to a refusal",
    "B15": "Experts are found by keywords",
    "B16": "The match reads expertise and biography",
    "B27": "Chat with delivery ticks, typing, and history after a reconnect",
    "B28": "Telephone",
    "B29": "One server, many clients over a network",
    "B30": "Clients are of many kinds: desktop and phone",
    "B31": "It works behind a proxy, over IPv6, and across reconnects",
    "B32": "The match uses earlier chats, with consent",
    "B33": "The server tracks which experts are free and which are helping others",
    "B34": "The server shows that by an indicator",
    "B35": "The server keeps the history of availability",
    "B36": "The server tracks who is interested in which expert",
    "B37": "The server tracks and shows how long each has waited",
    "B38": "The server contacts the free expert whom the user picked",
    "B39": "The server puts the user into the line of a busy expert and contacts the expert in turn",
    "B40": "The server moves the user to another expert or line on request",
}

# What this version keeps, and where its code is.
WHERE: dict[str, str] = {
    "A1": "client_applet/src, server/commands.py, queueing/line.py",
    "A2": "server/telephone.py, server/dialling.py, sessions/phone, sessions/media, client_applet/src/visitor",
    "A3": "client_applet/src/visitor, server/desks/letters.py",
    "A4": "directory/hours.py, directory/exceptions.py, directory/holidays.py, client_applet/src/people",
    "A5": "server/desks/about.py, client_applet/src/visitor/about.ts",
    "A6": "presence/lua/hours.lua, queueing/lua, server/roster.py",
    "A7": "presence/presence.py, server/translate.py, client_applet/src",
    "A8": "queueing/lua, client_applet/src",
    "A9": "server/desks/letters.py, mail, client_applet/src/visitor/letter_form.ts",
    "A10": "directory/rates.py, client_applet/src/visitor, server/web/profile_view.py",
    "A11": "server/web/profile_page.py, sessions/feedback",
    "A12": "server/desks/finding.py, client_applet/src/visitor",
    "A13": "sessions/feedback, client_applet/src/visitor/feedback_form.ts",
    "A14": "billing/meter.py, server/settling.py, client_applet/src/staff",
    "A15": "billing/price.py, billing/holds.py, server/settling.py",
    "A16": "billing/ledger.py, billing/deposits, client_applet/src/people",
    "A17": "queueing/lua/clock.lua, queueing/media.py, sessions/media/hearing.py, server/evidence.py",
    "A18": "server/terms.py, server/accepting.py, queueing/lua/metering.lua, sessions/media/carrying.py, "
    "client_applet/src/call",
    "A19": "server/desks/deposits.py, server/metering.py, client_applet/src/visitor",
    "A20": "billing/price.py, billing/meter.py",
    "B1": "client_applet/src, directory, server/commands.py",
    "B2": "directory/photos.py, server/web/photos.py",
    "B3": "directory/testimonials.py, sessions/feedback",
    "B4": "directory/markdown.py, server/web/profile_page.py",
    "B5": "server/web/profile_view.py, client_applet/src/visitor/standing.ts",
    "B6": "directory/categories.py, directory/index",
    "B7": "sessions/meetings.py, server/desks/about.py",
    "B8": "presence/presence.py, server/hub.py, client_applet/src",
    "B9": "presence/presence.py, client_applet/src",
    "B10": "client_applet/src, server/app.py",
    "B11": "presence/store.py, server/web/history.py",
    "B12": "queueing/line.py, queueing/waits.py, client_applet/src",
    "B13": "queueing/line.py, client_applet/src",
    "B14": "queueing/lua, queueing/line.py",
    "B15": "directory/index, server/desks/finding.py",
    "B16": "directory/index/words.py, directory/index/ranking.py",
    "B27": "sessions/conversation.py, client_applet/src",
    "B28": "server/telephone.py, sessions/phone, client_applet/src/visitor",
    "B29": "server/app.py, server/hub.py",
    "B30": "client_applet/src",
    "B31": "server/app.py, server/connection.py",
    "B32": "directory/index, server/desks/feedback.py",
    "B33": "presence/presence.py",
    "B34": "presence/presence.py, server/translate.py",
    "B35": "presence/store.py",
    "B36": "queueing/line.py",
    "B37": "queueing/line.py, queueing/store.py",
    "B38": "queueing/line.py, server/commands.py",
    "B39": "queueing/line.py, server/commands.py",
    "B40": "queueing/line.py, server/commands.py",
}
KEPT_NOW = tuple(WHERE)


@cache
def marked() -> dict[str, list[str]]:
    """Claim → `tests/room/test_x.py::name` of every test marked with it (`*`: all of the file)."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in house.with_suffix(".py"):
        if house.name(path).startswith("tests/"):
            for claim, test in _marks(path):
                found[claim].append(f"{house.name(path)}::{test}")
    return {claim: sorted(set(tests)) for claim, tests in found.items()}


def _marks(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                yield from ((claim, node.name) for claim in _claims(decorator))
        elif isinstance(node, ast.Assign) and any(_is_pytestmark(target) for target in node.targets):
            marks = node.value.elts if isinstance(node.value, ast.List) else [node.value]
            yield from ((claim, "*") for mark in marks for claim in _claims(mark))


def _is_pytestmark(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "pytestmark"


def _claims(decorator: ast.expr) -> list[str]:
    is_mark = (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr == "claim"
        and isinstance(decorator.func.value, ast.Attribute)
        and decorator.func.value.attr == "mark"
    )
    if not is_mark or not isinstance(decorator, ast.Call):
        return []
    return [str(argument.value) for argument in decorator.args if isinstance(argument, ast.Constant)]


def page() -> str:
    """docs/claims.md as it should be."""
    tests = marked()
    lines = [
        "# Claims",
        "",
        "What Openline promises, the code that keeps it, and the tests that show it.",
        "Written by `python -m tests.repo.claims` from the marks in the tests; a test fails when it is stale.",
        "",
        "| claim | promise | code | tests |",
        "|---|---|---|---|",
    ]
    for claim in KEPT_NOW:
        shown = "<br>".join(f"`{test}`" for test in tests.get(claim, [])) or "none yet"
        lines.append(f"| {claim} | {PROMISES[claim]} | {WHERE[claim]} | {shown} |")
    if missing := [f"- {claim}: {promise}" for claim, promise in PROMISES.items() if claim not in WHERE]:
        lines += ["", "## Not yet", "", *missing]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
