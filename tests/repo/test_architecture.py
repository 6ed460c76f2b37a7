"""ARCHITECTURE.md and the files agree: what it names is there, and every module of the rooms is named."""

import re

from tests.repo import house

PAGE = (house.ROOT / "ARCHITECTURE.md").read_text("utf-8")
QUOTED = set(re.findall(r"`([^`\s]+)`", PAGE))
WHOLE = ("ground/migrations/", "loadtest/peers/")
"""Folders that are named as one."""


def test_every_file_that_it_names_is_there() -> None:
    paths = [f"/{house.name(path)}" for path in house.files()]
    named = [one for one in QUOTED if re.fullmatch(r"[\w./-]+\.(py|lua|ts|md|json)", one)]
    assert len(named) > 300
    assert not [one for one in sorted(named) if not any(path.endswith(f"/{one}") for path in paths)]


def test_every_module_of_the_rooms_is_named() -> None:
    named = {one.rsplit("/", 1)[-1] for one in QUOTED}
    modules = [path for path in house.with_suffix(".py", ".lua") if house.name(path).split("/")[0] in house.ROOMS]
    unnamed = [
        name
        for path in modules
        if path.name != "__init__.py"
        and not (name := house.name(path)).startswith(WHOLE)
        and path.name not in named
        and path.stem not in named
    ]
    assert not unnamed, f"the tables of ARCHITECTURE.md don't name {', '.join(unnamed)}"


def test_every_variable_that_tests_read_is_told_somewhere() -> None:
    modules = [path for path in house.with_suffix(".py") if house.name(path).startswith("tests/")]
    read = re.compile(r"""environ(?:\.get\(|\[)["'](OPENLINE_[A-Z_]+)""")
    names = {name for path in modules for name in read.findall(house.text(path) or "")}
    pages = "".join(house.text(path) or "" for path in house.with_suffix(".md"))
    assert "OPENLINE_LONG" in names
    assert not [name for name in names if f"`{name}" not in pages]


def test_its_own_links_lead_somewhere() -> None:
    titles = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)", PAGE, re.M)}
    assert not set(re.findall(r"\]\(#([^)]+)\)", PAGE)) - titles
