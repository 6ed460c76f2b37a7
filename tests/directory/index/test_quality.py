"""How good the order is, in numbers: known-item search among the docstrings of Python's standard library.

No public collection with judgements comes with a package that installs without megabytes of others, so this one is made
from what is on every machine that runs the tests, by a rule and without looking: an item is the docstring of a function
or class without its first paragraph, the question is that first paragraph, and the one item to find is the one that it
was cut from. Plain term counting, which we must beat, counts the words of the question in each item; to make it harder
for us, it is also spared the function words, without which it would find next to nothing.
"""

import ast
import math
import random
import re
import sysconfig
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from directory.expert import Expert
from directory.index.languages import STOP_WORDS
from ground.sql import Database
from tests.directory.index.shelf import Shelf

ITEMS, QUESTIONS = 400, 80
MARGIN = 0.1
_LEFT_OUT = ("test", "tests", "idlelib", "lib2to3", "site-packages", "ensurepip", "turtledemo", "pydoc_data")


class Item(NamedTuple):
    question: str
    text: str


def _docstrings() -> Iterator[str]:
    root = Path(sysconfig.get_paths()["stdlib"])
    paths = sorted(root.rglob("*.py"))
    random.Random(3).shuffle(paths)
    for path in paths:
        if any(part in _LEFT_OUT for part in path.relative_to(root).parts):
            continue
        try:
            tree = ast.parse(path.read_text("utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield ast.get_docstring(node) or ""


@cache
def _collection() -> list[Item]:
    found: dict[str, Item] = {}
    for docstring in _docstrings():
        first, _, rest = docstring.partition("\n\n")
        if len(first.split()) >= 5 and len(rest.split()) >= 25:
            found.setdefault(" ".join(first.split()), Item(" ".join(first.split())[:500], rest[:9_000]))
        if len(found) == ITEMS:
            break
    items = sorted(found.values())
    random.Random(5).shuffle(items)
    return items


def _gain(ranked: Sequence[int], wanted: int) -> float:
    """nDCG@10 with one relevant item."""
    return 1 / math.log2(ranked[:10].index(wanted) + 2) if wanted in ranked[:10] else 0.0


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _counted(question: str, texts: Sequence[Counter[str]], spared: frozenset[str] = frozenset()) -> list[int]:
    """Plain term counting."""
    asked = set(_words(question)) - spared
    scores = [(sum(text[word] for word in asked), -number) for number, text in enumerate(texts)]
    return [-number for score, number in sorted(scores, reverse=True) if score]


@pytest.mark.claim("B16")
async def test_our_order_beats_counting_words(
    database: Database, record_property: Callable[[str, object], None]
) -> None:
    items = _collection()
    assert len(items) == ITEMS
    shelf = Shelf(database)
    await shelf.put(*(Expert(expert=f"x{n}", name="x", biography=item.text) for n, item in enumerate(items)))
    counts = [Counter(_words(item.text)) for item in items]
    ours = plain = spared = 0.0
    for number, item in enumerate(items[:QUESTIONS]):
        found = [int(hit.expert[1:]) for hit in await shelf.hits(item.question)]
        ours += _gain(found, number) / QUESTIONS
        plain += _gain(_counted(item.question, counts), number) / QUESTIONS
        spared += _gain(_counted(item.question, counts, STOP_WORDS["en"]), number) / QUESTIONS
    told = f"ours {ours:.3f}, plain term counting {plain:.3f}, spared the function words {spared:.3f}"
    record_property("ndcg_at_10", told)
    print(f"nDCG@10 on {database.kind}: {told}")
    assert ours > max(plain, spared) + MARGIN
