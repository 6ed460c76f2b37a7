"""Settings of TURN: addresses and the secret shared with coturn, both or neither."""

from ground.secret_text import secret_text
from sessions.turn import TurnProblem, TurnServers, turn_servers

_NAMES = "OPENLINE_TURN_URLS and OPENLINE_TURN_SECRET_FILE (or OPENLINE_TURN_SECRET)"


def turn_of(env: dict[str, str]) -> TurnServers | None:
    """None where there is no TURN server. The secrets stand in a file, one a line, the one that signs first.

    Raises TurnProblem, whose text never holds a secret.
    """
    urls = env.get("OPENLINE_TURN_URLS", "").strip()
    try:
        secrets = secret_text(env, "OPENLINE_TURN_SECRET").strip()
    except ValueError as problem:
        raise TurnProblem(str(problem)) from None
    if not (urls or secrets):
        return None
    if not (urls and secrets):
        raise TurnProblem(f"TURN needs {_NAMES} together")
    return turn_servers(urls, secrets.splitlines())
