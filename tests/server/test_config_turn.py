"""TURN's settings: whole or not at all."""

from pathlib import Path

import pytest

from server.config import ConfigError, load
from server.config_turn import turn_of
from sessions.turn import TurnProblem

URLS = "turn:turn.example:3478?transport=udp,turns:turn.example:5349"
SECRET = "s" * 40


def test_without_any_there_is_no_turn() -> None:
    assert turn_of({}) is None
    assert turn_of({"OPENLINE_TURN_URLS": " "}) is None


def test_by_environment_or_by_file_with_a_secret_that_is_on_its_way_out(tmp_path: Path) -> None:
    found = turn_of({"OPENLINE_TURN_URLS": URLS, "OPENLINE_TURN_SECRET": SECRET})
    assert found is not None and found.urls == tuple(URLS.split(",")) and found.secrets == (SECRET,)
    path = tmp_path / "secret"
    path.write_text(f"{'n' * 32}\n\n{SECRET}\n")
    found = turn_of({"OPENLINE_TURN_URLS": URLS, "OPENLINE_TURN_SECRET_FILE": str(path)})
    assert found is not None and found.secrets == ("n" * 32, SECRET)


@pytest.mark.parametrize(
    "env",
    [
        {"URLS": URLS}, {"SECRET": SECRET}, {"SECRET_FILE": "/nowhere"}, {"URLS": URLS, "SECRET_FILE": "/nowhere"},
        {"URLS": URLS, "SECRET": SECRET, "SECRET_FILE": "/nowhere"}, {"URLS": URLS, "SECRET": "short-secret"},
        {"URLS": "stun:turn.example", "SECRET": SECRET}, {"URLS": URLS, "SECRET": SECRET + "\x00"},
    ],
)  # fmt: skip
def test_half_of_it_is_refused_without_telling_the_secret(env: dict[str, str]) -> None:
    with pytest.raises(TurnProblem) as problem:
        turn_of({f"OPENLINE_TURN_{name}": value for name, value in env.items()})
    assert "OPENLINE_TURN_" in str(problem.value)
    assert not any(value in str(problem.value) for name, value in env.items() if name == "SECRET")


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"\xff" * 40)
    with pytest.raises(TurnProblem):
        turn_of({"OPENLINE_TURN_URLS": URLS, "OPENLINE_TURN_SECRET_FILE": str(path)})


def test_a_server_is_told_which_setting_is_wrong(tmp_path: Path) -> None:
    given = {"state_dir": str(tmp_path)}
    env = {"OPENLINE_TURN_URLS": URLS, "OPENLINE_TURN_SECRET": SECRET}
    config = load(given, env)
    assert config.turn is not None and config.turn.secrets == (SECRET,) and SECRET not in repr(config)
    assert load(given, {}).turn is None
    with pytest.raises(ConfigError, match="OPENLINE_TURN_URLS"):
        load(given, {"OPENLINE_TURN_SECRET": SECRET})
