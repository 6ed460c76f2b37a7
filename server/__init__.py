"""The door: everything that comes in from outside and goes out again.

The ASGI app, the WebSocket shell, the HTTP pages, sign-in, the command line, and the composition of all rooms.
Only this room (and the load tests) knows `wire/`: it turns messages into calls on the rooms' doors and their
events into messages. Its door is `server.app.create_app`; from a shell it is `openline` (`server.cli`).
"""
