"""A secret comes from a variable or a file, never from both, and no complaint repeats it."""

from pathlib import Path

import pytest

from ground.secret_text import secret_text


def test_a_secret_comes_from_the_variable_or_the_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file \n")
    assert secret_text({}, "A") == ""
    assert secret_text({"A": "from the variable "}, "A") == "from the variable "
    assert secret_text({"A_FILE": str(tmp_path / "secret")}, "A") == "from the file "


@pytest.mark.parametrize(
    ("content", "why"), [(None, "can't be read: No such file or directory"), (b"\xff\xfe\x00", "is no text")]
)
def test_what_is_wrong_is_named_without_the_secret(tmp_path: Path, content: bytes | None, why: str) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=f"A_FILE: {path} {why}"):
        secret_text({"A_FILE": str(path)}, "A")
    with pytest.raises(ValueError, match="A or A_FILE, not both") as wrong:
        secret_text({"A": "hush", "A_FILE": str(path)}, "A")
    assert "hush" not in str(wrong.value)
