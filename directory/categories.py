"""The tree of a pool's categories, written as paths: "Money/Taxes" lies under "Money". Pure."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

DEPTH_MAX: Final = 4
SEPARATOR: Final = "/"


def tree_problem(paths: Sequence[str]) -> str:
    """Why `paths` are no tree, or ""."""
    for path in paths:
        parts = path.split(SEPARATOR)
        if len(parts) > DEPTH_MAX:
            return f"{path[:40]!r} is deeper than {DEPTH_MAX} levels"
        if any(not part or part != part.strip() for part in parts):
            return f"{path[:40]!r} has an empty part, or a space at the end of one"
        if any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in path):
            return f"{path[:40]!r} has a control character"
    twice = [path for path, times in Counter(paths).items() if times > 1]
    return f"{twice[0][:40]!r} is there twice" if twice else ""


def stranger(categories: Sequence[str], paths: Sequence[str]) -> str:
    """The first of an expert's `categories` that the tree `paths` does not have, or "". A pool without a tree takes any
    category; what lies above a path is in the tree with it."""
    known = _in_tree(tuple(paths))
    return next((category for category in categories if known and category not in known), "")


@lru_cache(maxsize=64)
def _in_tree(paths: tuple[str, ...]) -> frozenset[str]:
    return frozenset(step for path in paths for step in _steps(path))


def _steps(path: str) -> Iterator[str]:
    parts = path.split(SEPARATOR)
    return (SEPARATOR.join(parts[:count]) for count in range(1, len(parts) + 1))
