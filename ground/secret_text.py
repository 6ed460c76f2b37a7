"""A secret from the environment, or from the file that the environment names."""

from collections.abc import Mapping
from pathlib import Path


def secret_text(env: Mapping[str, str], name: str) -> str:
    """What stands in the variable `name`, or in the file that `name`_FILE names, without a line's end; "" for neither.

    Raises ValueError where both are set, or the file can't be read. Its text names the variable and holds no secret.
    """
    secret, path = env.get(name, ""), env.get(f"{name}_FILE", "").strip()
    if secret and path:
        raise ValueError(f"set {name} or {name}_FILE, not both")
    if not path:
        return secret
    try:
        return Path(path).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as why:
        raise ValueError(f"{name}_FILE can't be read: {type(why).__name__}") from None
