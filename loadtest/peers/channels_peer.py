# mypy: ignore-errors
# (it runs in an environment of its own, with Django, which this project does not have)
"""usage: python channels_peer.py SIZE STORE_URL. Django Channels under uvicorn, deflate off.

Its pub/sub layer, the lighter of its two Redis layers: the other holds a blocking connection for each watcher.
Prints "port P"; for each line "go" on stdin a group_send puts SIZE bytes to everybody; answered by "sent".
"""

import asyncio
import socket
import sys

import django
import uvicorn
from django.conf import settings

settings.configure(
    SECRET_KEY="bench",  # noqa: S106 - signs nothing here
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [sys.argv[2]]},
        }
    },
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402 - needs the settings
from channels.layers import get_channel_layer  # noqa: E402 - needs the settings

FRAME = bytes(int(sys.argv[1]))


class Watcher(AsyncWebsocketConsumer):
    groups = ["lights"]

    async def lights(self, event: dict) -> None:
        await self.send(bytes_data=event["frame"])


async def obey(lines: asyncio.StreamReader, server: uvicorn.Server) -> None:
    layer = get_channel_layer()
    while await lines.readline():
        await layer.group_send("lights", {"type": "lights", "frame": FRAME})
        print("sent", flush=True)
    server.should_exit = True


async def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    config = uvicorn.Config(
        Watcher.as_asgi(), log_level="critical", ws="websockets-sansio", ws_per_message_deflate=False, lifespan="off",
        ws_ping_interval=None,
    )  # fmt: skip
    server = uvicorn.Server(config)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print(f"port {listener.getsockname()[1]}", flush=True)
    await asyncio.gather(server.serve(sockets=[listener]), obey(lines, server))


asyncio.run(main())
