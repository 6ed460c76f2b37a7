"""The server as a process of its own: workers behind one socket, an orderly end, logs without secrets."""

import asyncio
import json
import os
import signal
import sys
import time

import httpx
import pytest
import websockets
from websockets.typing import Subprotocol

from identity.tokens import Secret, Tokens
from server.cli_options import config_of
from tests.ports import free_port
from tests.repo.house import ROOT

SECRET = "test-secret-" + "s" * 32
JSON = [Subprotocol("openline.v1.json")]


async def start(store_url, tmp_path, workers):
    port = free_port()
    env = {**os.environ, "OPENLINE_SECRET": SECRET, "OPENLINE_STATE_DIR": str(tmp_path)}
    log = (tmp_path / "log").open("wb")
    options = ["--store", store_url, "--database", f"sqlite:///{tmp_path / 'o.db'}", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from server.cli import main; main()",
        "serve",
        *options,
        "--workers",
        str(workers),
        cwd=ROOT,
        env=env,
        stderr=log,
    )
    log.close()
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(30):
        while True:
            assert process.returncode is None, (tmp_path / "log").read_text()
            try:
                answer = await http.get(f"http://127.0.0.1:{port}/readyz")
                if answer.status_code == 200:
                    return process, port
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)


async def hello(port, token=""):
    ws = await websockets.connect(f"ws://127.0.0.1:{port}/v1/ws", subprotocols=JSON, compression=None)
    await ws.send(json.dumps({"t": "hello", "id": 1, "pool": "nowhere", "token": token}))
    return ws, json.loads(await ws.recv())


@pytest.mark.claim("B31")
@pytest.mark.parametrize("workers", [1, 2])
async def test_an_orderly_end_says_come_again_and_leaves_nothing_running(store_url, tmp_path, workers):
    process, port = await start(store_url, tmp_path, workers)
    sockets = [
        await websockets.connect(f"ws://127.0.0.1:{port}/v1/ws", subprotocols=JSON, compression=None) for _ in range(8)
    ]
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    for ws in sockets:
        async with asyncio.timeout(10):
            await ws.wait_closed()
    assert {ws.close_code for ws in sockets} == {4001}
    async with asyncio.timeout(10):
        assert await process.wait() == 0
    assert time.monotonic() - began < 8
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_tokens_of_every_worker_are_good_and_none_is_in_the_log(store_url, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENLINE_SECRET", SECRET)
    process, port = await start(store_url, tmp_path, 2)
    try:
        os.environ["OPENLINE_SECRET"] = SECRET
        keys = config_of(store=store_url, state_dir=str(tmp_path)).keys
        token = Tokens(keys).issue("nowhere", "user", "uma", now=time.time_ns() // 1_000_000)
        for _ in range(6):
            ws, answer = await hello(port, token)
            assert answer["code"] == "no_such_pool"
            await ws.wait_closed()
        forged = Tokens([Secret(kid=keys[0].kid, value=b"x" * 32)])
        ws, answer = await hello(port, forged.issue("nowhere", "user", "uma", now=time.time_ns() // 1_000_000))
        assert answer["code"] == "bad_token"
        await ws.wait_closed()
        assert ws.close_code == 4401
    finally:
        process.terminate()
        await process.wait()
    log = (tmp_path / "log").read_text()
    assert token not in log and SECRET not in log and token.split(".")[2] not in log
    assert all(isinstance(json.loads(line), dict) for line in log.splitlines())
