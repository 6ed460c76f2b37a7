"""`openline demo` as a person starts it: links that work, a clean end, nothing lost."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
import pytest
from msgspec import structs

from billing import ledger
from directory.expert import PoolOptions
from directory.profiles import Profiles
from ground.sql import Database
from server.config import load
from server.demo import POOL, prepare
from server.demo_money import BALANCES, OPTIONS
from tests.processor import pay
from tests.repo.house import ROOT

SECOND_START_S = 5.0
LINK = re.compile(r"http://localhost:(\d+)/sign-in\?pool=demo\S*#(\S+)")


class Demo:
    """A running demo and the links that it has printed: user, second user, expert, operator."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.links = self._read_links()
        self.port = int(self.links[0][0])

    def _read_links(self) -> list[tuple[str, str]]:
        assert self.process.stdout is not None
        links: list[tuple[str, str]] = []
        said = ""
        while len(links) < 4 and (line := self.process.stdout.readline()):
            said += line
            links += LINK.findall(line)
        assert len(links) == 4, said
        return links

    def post(self, path: str, body: dict[str, Any], cookie: str = "") -> tuple[int, dict[str, str], dict[str, Any]]:
        return self.ask("POST", path, body, cookie)

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, cookie: str = ""
    ) -> tuple[int, dict[str, str], dict[str, Any]]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        origin = f"http://localhost:{self.port}"
        headers = {"Host": f"localhost:{self.port}", "Origin": origin, "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, headers | ({"Cookie": cookie} if cookie else {}))
        answer = connection.getresponse()
        found = answer.status, dict(answer.getheaders()), json.loads(answer.read())
        connection.close()
        return found

    def signed_in(self, link: int) -> str:
        """The cookie of whom the link of this number signs in."""
        status, headers, _body = self.post("/v1/sign-in", {"token": self.links[link][1]})
        assert status == 200
        return headers["set-cookie"].partition(";")[0]

    def balance(self, cookie: str, at_least: int = 0) -> int:
        """What is in the wallet, once it is as much as that."""
        for _ in range(500):
            found: int = self.ask("GET", "/v1/pools/demo/wallet", cookie=cookie)[2]["balance"]
            if found >= at_least:
                break
            time.sleep(0.02)
        return found

    def cpu_s(self) -> float:
        """What the start has cost: on an idle machine about the time it took, on a busy one still the same."""
        return sum(sum(process.cpu_times()[:2]) for process in self.family())

    def family(self) -> list[psutil.Process]:
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]


@contextmanager
def running(state: Path, *words: str) -> Iterator[Demo]:
    command = [sys.executable, "-c", "from server.cli import main; main()", "demo", "--port", "0", *words]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [*command, "--state", str(state)],
        cwd=state.parent,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield Demo(process)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=20)


def interrupt(demo: Demo) -> int:
    """Ctrl-C: the terminal sends it to the whole group."""
    os.killpg(demo.process.pid, signal.SIGINT)
    demo.process.communicate(timeout=20)
    return demo.process.returncode


@pytest.mark.timeout(90)
def test_start_sign_in_stop_and_start_again(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with running(state) as demo:
        assert len(demo.family()) > 1, "the store is a child"
        _, token = demo.links[2]
        status, headers, body = demo.post("/v1/sign-in", {"token": token})
        assert status == 200
        assert "HttpOnly" in headers.get("set-cookie", "")
        assert "/p/demo" in body["to"]
        assert demo.post("/v1/sign-in", {"token": token})[0] == 403, "a link works once"
        uma = demo.signed_in(0)
        assert demo.balance(uma) == BALANCES["uma"]
        status, _, page = demo.post(
            "/v1/pools/demo/deposits",
            {"op": "deposit-0001", "amount": 2500, "back": "account", "keep_card": False},
            uma,
        )
        assert status == 200 and page["url"].startswith("http://127.0.0.1:")
        paid = asyncio.run(pay(page["url"]))
        assert paid.to.startswith(f"http://localhost:{demo.port}/p/demo/account")
        assert demo.balance(uma, 4500) == 4500
        family = demo.family()
        assert interrupt(demo) == 0
    assert not [process for process in family if process.is_running()], "nothing is left running"
    kept = sorted(path.name for path in state.iterdir())
    assert {"openline.db", "secret", "store"} <= set(kept)
    with running(state) as again:
        assert again.cpu_s() < SECOND_START_S
        uma = again.signed_in(0)
        assert again.balance(uma) == 4500
        assert again.post("/v1/pools/demo/refunds", {"op": "refund-0001", "amount": 2500}, uma)[0] == 202
        assert again.balance(uma) == 2000, "what was paid before the restart goes back"
        assert interrupt(again) == 0


@pytest.mark.timeout(90)
def test_a_second_demo_in_the_same_folder_says_so(tmp_path: Path) -> None:
    with running(tmp_path / "state") as demo:
        second = subprocess.run(
            [sys.executable, "-c", "from server.cli import main; main()", "demo", "--state", str(tmp_path / "state")],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert second.returncode == 1
        assert "--state" in second.stderr
        assert demo.process.poll() is None


@pytest.mark.timeout(90)
def test_a_killed_server_takes_its_store_along(tmp_path: Path) -> None:
    with running(tmp_path / "state") as demo:
        children = demo.family()[1:]
        demo.process.kill()
        _, alive = psutil.wait_procs(children, timeout=15)
    assert not alive


async def test_a_demo_of_an_earlier_release_gets_prices_and_keeps_what_somebody_chose(tmp_path: Path) -> None:
    config = load({"state_dir": tmp_path, "port": 1}, {})
    await prepare(config)
    db = await Database.open(config.database)
    try:
        profiles = Profiles(db)
        priced = {one.expert: one.rate for one in await profiles.experts(POOL)}
        assert priced["ada"] == 120 and priced["hugo"] == 0, "some are free"
        free = [structs.replace(one, rate=777 if one.expert == "jun" else 0) for one in await profiles.experts(POOL)]
        await profiles.put_experts(POOL, free)
        await profiles.put_options(POOL, PoolOptions(visitors=True))
        await prepare(config)
        assert (await profiles.pool(POOL)).options == OPTIONS
        assert {one.expert: one.rate for one in await profiles.experts(POOL)} == priced | {"jun": 777}
        await profiles.put_options(POOL, structs.replace(OPTIONS, prepaid=False))
        await prepare(config)
        assert not (await profiles.pool(POOL)).options.prepaid
        async with db.read() as tx:
            assert (await ledger.balance_of(tx, POOL, "viktor")).available == BALANCES["viktor"], "once"
    finally:
        await db.close()
