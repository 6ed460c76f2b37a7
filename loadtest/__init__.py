"""What it bears: benches of the real server, with peers side by side, behind `openline bench`.

It meets the server as a stranger would, over the socket, and knows no room but `wire/`.
Its door is the click group `loadtest.cli.bench`.
"""
