"""What a desk is."""

from collections.abc import Awaitable, Callable
from typing import Any

from server.connection import Connection
from wire.messages import ServerMessage

Handler = Callable[[Connection, Any], Awaitable[ServerMessage]]
Handlers = dict[type, Handler]
"""From a message's type to who answers it. A handler may raise Refusal, StoreUnavailable and database errors."""
