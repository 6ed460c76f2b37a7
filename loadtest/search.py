"""`bench search`: questions to 10,000 experts with 24 MB of text, and how soon a changed profile is found.

The words are made up; how often each comes follows Zipf's law, as it does in any language. Questions are drawn from the
texts themselves, so common words are in most of them.
"""

import http.client
import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import accumulate
from typing import Any, Final

from loadtest.caller import Caller
from loadtest.figures import Report, at_most, latencies_ms, progress, quantile
from loadtest.private_server import POOL, PrivateServer
from loadtest.process import BenchError
from wire.messages import Beat, Find, Found, Ping

EXPERTS, WORDS_EACH, FILES = 10_000, 222, 4
QUICK_EXPERTS = 1_000
VOCABULARY: Final = 30_000
ASKERS: Final = 40
"""Connections that take turns, so that none is stopped for its rate."""
QUERY_BAR_MS, UPDATE_BAR_S = 25.0, 1.0
INDEX_S: Final = 600.0
PING_S: Final = 0.05


class Writer:
    """Texts of made-up words, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - texts, not secrets
        sounds = [a + b for a in (*"bcdfghklmnprstvz", "br", "cl", "gr", "pl", "st", "tr") for b in "aeiou"]
        made = dict.fromkeys("".join(self._dice.choices(sounds, k=self._dice.randint(2, 4))) for _ in range(99_999))
        endings = self._dice.choices(["", "s", "ing", "ed", "er", "ation", "ment", "nt"], k=VOCABULARY)
        self._words = [word + ending for word, ending in zip(list(made)[:VOCABULARY], endings, strict=True)]
        self._shares = list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))

    def text(self, words: int) -> str:
        return " ".join(self._dice.choices(self._words, cum_weights=self._shares, k=words))

    def question(self) -> str:
        return self.text(self._dice.randint(1, 6))

    def row(self, expert: str) -> str:
        tags = ";".join(dict.fromkeys(self.text(2).split()))
        return f"{expert},{self.text(2).title()},{self.text(6)},{self.text(WORDS_EACH)},{tags},en,chat\n"


def _files(writer: Writer, experts: int) -> Iterator[str]:
    """CSV files; a file has a limit."""
    share = -(-experts // FILES)
    for start in range(0, experts, share):
        rows = [writer.row(f"e{number}") for number in range(start, min(start + share, experts))]
        yield "id,name,headline,biography,categories,languages,modes\n" + "".join(rows)


def _ask(caller: Caller, words: str) -> int:
    """Nanoseconds until the answer is here."""
    request = Find(id=0, words=words, limit=60)
    began = time.perf_counter_ns()
    caller.ask(request, Found)
    return time.perf_counter_ns() - began


def _wait_until_indexed(server: PrivateServer, last: str) -> float:
    """Seconds until the experts have all been indexed, in the order of their ids."""
    began = time.monotonic()
    while time.monotonic() - began < INDEX_S:
        try:
            with server.caller() as caller:
                found = caller.ask(Find(id=0, words="lastofall"), Found)
        except BenchError:
            continue  # opening a pool of so many takes a while
        if any(one.profile.expert == last for one in found.experts):
            return time.monotonic() - began
        time.sleep(0.5)
    raise BenchError("the server did not index the experts in time")


class Editor:
    """An operator's browser, as far as it saves profiles."""

    def __init__(self, server: PrivateServer) -> None:
        self._host = f"127.0.0.1:{server.port}"
        link = server.link("operator", "bench-operator")
        self._cookie = ""
        self._cookie = self._send("POST", "/v1/sign-in", {"token": link.rpartition("#")[2]})

    def save(self, expert: str, changes: dict[str, Any]) -> None:
        self._send("PUT", f"/v1/pools/{POOL}/experts/{expert}/profile", changes)

    def _send(self, method: str, path: str, body: dict[str, Any]) -> str:
        headers = {"content-type": "application/json", "origin": f"http://{self._host}", "cookie": self._cookie}
        connection = http.client.HTTPConnection(self._host, timeout=20)
        connection.request(method, path, json.dumps(body), headers)
        answer = connection.getresponse()
        if answer.status != http.HTTPStatus.OK:
            raise BenchError(f"{method} {path}: {answer.status} {answer.read()[:200]!r}")
        cookie = str(answer.headers.get("set-cookie", "")).partition(";")[0]
        connection.close()
        return cookie


def _update(editor: Editor, caller: Caller, expert: str, number: int) -> float:
    """Seconds from sending a changed profile until a question finds it. Asked less often than the rate allows."""
    word = f"novelty{'abcdefghijklmnopqrstuvwxyz'[number % 26] * (2 + number // 26)}"
    began = time.monotonic()
    editor.save(expert, {"headline": f"Now with {word}"})
    while not caller.ask(Find(id=0, words=f"{word} "), Found).experts:
        if time.monotonic() - began > 20:
            raise BenchError("a changed profile was not found within 20 s")
        time.sleep(0.05)
    return time.monotonic() - began


class Pings:
    """While the block runs, somebody else asks for beats: how long do searches hold up others?"""

    def __init__(self, server: PrivateServer) -> None:
        self.times: list[int] = []
        self._caller = server.caller()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pings", daemon=True)

    def _run(self) -> None:
        while not self._over.wait(PING_S):
            began = time.perf_counter_ns()
            self._caller.send(self._caller.number(Ping(id=0)))
            self._caller.until(Beat)
            self.times.append(time.perf_counter_ns() - began)

    def __enter__(self) -> "Pings":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._caller.close()


def run(*, quick: bool) -> Report:
    """Questions one after another, listings without words, changed profiles."""
    experts, questions, updates = (QUICK_EXPERTS, 300, 5) if quick else (EXPERTS, 900, 20)
    writer = Writer(1)
    progress(f"writing {experts} experts")
    files = list(_files(writer, experts))
    size = sum(map(len, files))
    last = max(f"e{number}" for number in range(experts))
    files.append(f"id,name,headline\n{last},Last,lastofall\n")
    with PrivateServer(0, files) as server, ExitStack() as stack:
        progress("indexing")
        index_s = _wait_until_indexed(server, last)
        askers = [stack.enter_context(server.caller()) for _ in range(ASKERS)]
        for asker in askers:
            _ask(asker, writer.question())
        progress("questions")
        before = server.cpu_ns()
        with Pings(server) as pings:
            times = [_ask(askers[n % ASKERS], writer.question()) for n in range(questions)]
        cpu_ms = (server.cpu_ns() - before) / questions / 1e6
        listing = [_listed(asker, price) for price, asker in enumerate(askers)]
        progress("changed profiles")
        editor = Editor(server)
        waits = [_update(editor, askers[n % ASKERS], f"e{n * 7}", n) for n in range(updates)]
    figures = {"experts": experts, "bytes": size, "index_s": round(index_s, 1), "cpu_ms_each": round(cpu_ms, 2)}
    return _report(quick, figures, times, pings.times, listing, waits)


def _listed(caller: Caller, price: int) -> int:
    """A listing of everybody, soonest first; with another price it is made anew."""
    request = Find(id=0, sort="wait", rate_max=price, limit=60)
    began = time.perf_counter_ns()
    caller.ask(request, Found)
    return time.perf_counter_ns() - began


def _report(
    quick: bool, figures: dict[str, Any], times: Sequence[int], pings: Sequence[int], listing: Sequence[int],
    waits: Sequence[float],
) -> Report:  # fmt: skip
    measured = {"question": times, "ping meanwhile": pings, "listing": listing}
    named = {name.replace(" ", "_"): latencies_ms(found) for name, found in measured.items()}
    update = {"n": len(waits), "p50_s": round(quantile(waits, 0.5), 3), "max_s": round(max(waits), 3)}
    report = Report("search", {"quick": quick, **figures, **named, "update": update}, [], [])
    rows = [
        [name, str(f["n"]), f"{f['p50_ms']:.2f}", f"{f['p99_ms']:.2f}", f"{f['max_ms']:.2f}"]
        for name, f in zip(measured, named.values(), strict=True)
    ]
    title = f"{figures['experts']} experts, {figures['bytes'] / 1e6:.0f} MB, indexed in {figures['index_s']} s"
    title += f"; {figures['cpu_ms_each']} ms of the server's processor for each question"
    report.tables.append((title, ["", "n", "p50 ms", "p99 ms", "max ms"], rows))
    report.tables.append(("changed profiles", ["n", "p50 s", "max s"], [[str(value) for value in update.values()]]))
    report.bars.append(at_most("question → answer, p99", quantile(times, 0.99) / 1e6, QUERY_BAR_MS, "ms"))
    report.bars.append(at_most("profile saved → found, slowest", max(waits), UPDATE_BAR_S, "s"))
    return report
