"""Settings of TURN: addresses and the secret shared with coturn, both or neither."""

from pathlib import Path

from sessions.turn import TurnProblem, TurnServers, turn_servers

_NAMES = "OPENLINE_TURN_URLS and OPENLINE_TURN_SECRET_FILE (or OPENLINE_TURN_SECRET)"


def turn_of(env: dict[str, str]) -> TurnServers | None:
    """None where there is no TURN server. The secrets stand in a file, one a line, the one that signs first.

    Raises TurnProblem, whose text never holds a secret.
    """
    urls, secret, path = (env.get(f"OPENLINE_TURN_{name}", "").strip() for name in ("URLS", "SECRET", "SECRET_FILE"))
    if not (urls or secret or path):
        return None
    if not urls or bool(secret) == bool(path):
        raise TurnProblem(f"TURN needs {_NAMES} together, the secret in one of the two ways")
    try:
        return turn_servers(urls, secret.splitlines() if secret else Path(path).read_text("ascii").splitlines())
    except OSError as error:
        raise TurnProblem(f"OPENLINE_TURN_SECRET_FILE can't be read: {error.strerror}") from None
    except UnicodeError:
        raise TurnProblem("OPENLINE_TURN_SECRET_FILE holds something else than secrets") from None
