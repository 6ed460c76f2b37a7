"""A secret from the environment, or from the file that the environment names."""

from collections.abc import Mapping
from pathlib import Path


def secret_text(env: Mapping[str, str], name: str) -> str:
    """What stands in the variable `name`, or in the file that `name`_FILE names, without a line's end; "" for neither.

    Raises ValueError where both are set, or the file can't be read. Its text names the variable and the file; no secret
    is in it.
    """
    secret, path = env.get(name, ""), env.get(f"{name}_FILE", "").strip()
    if secret and path:
        raise ValueError(f"set {name} or {name}_FILE, not both")
    if not path:
        return secret
    try:
        return Path(path).read_text("utf-8").rstrip("\r\n")
    except OSError as why:
        raise ValueError(f"{name}_FILE: {path} can't be read: {why.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{name}_FILE: {path} is no text") from None
