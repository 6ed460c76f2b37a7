"""From text to the terms that are indexed, and from a question to the terms to look for. Pure.

A term is a stem without accents, written in ASCII letters and digits only: no tokenizer of any database, and no query
syntax, can take it for anything but one word.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, Final, NamedTuple

from directory.index.languages import ALGORITHMS, STOP_WORDS, WRITE_TOGETHER, likely

WORD_MAX: Final = 40
"""Longer words are cut: nobody types them whole."""
ASKED_MAX: Final = 24
"""Words of a question that are looked for."""
HALF_MIN: Final = 4
"""The fewest letters of a word that is part of another."""

_WORD: Final = re.compile(r"[^\W\d_][+#]{1,2}(?!\w)|[^\W_]+(?:['\u2019\u02bc][^\W_]+)*")
_APOSTROPHE: Final = re.compile(r"['\u2019\u02bc]")
_NO_SPACES: Final = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_PLAIN: Final = re.compile(r"[a-z]+|[0-9]{1,15}")
_HELD_BACK: Final = re.compile(r"\S*(?:@|://|www\.)\S*|\S*\d\S*")
_CLITICS: Final = re.compile("\u0648?(?:[\u0628\u0643\u0641]?\u0627\u0644|\u0644\u0644?)?(\\w{3,})")
_stemmers: Final[dict[str, Any]] = {}
_turn: Final = Lock()


class Asked(NamedTuple):
    """A word of a question as it was typed, and the terms it may be indexed as. `typing`: it may go on."""

    word: str
    terms: tuple[str, ...]
    typing: bool = False


def terms_of(text: str, spoken: Sequence[str], *, whole: bool = False) -> list[str]:
    """The terms of `text` in order, written by somebody who speaks `spoken` (language tags).

    Function words are left out unless `whole`: a name or a tag has none to spare.
    """
    languages = written_in(text, spoken)
    stops = frozenset[str]() if whole else _stops(languages)
    key = tuple(languages)
    return [term for word in tokens(text) if word not in stops for term in _terms(word, key)]


def chat_terms(text: str, spoken: Sequence[str]) -> list[str]:
    """What a chat may teach: each term once, in no order of the chat; nothing with a digit and no address."""
    return sorted(set(terms_of(_HELD_BACK.sub(" ", text), spoken)))


def question(text: str, languages: Sequence[str]) -> list[Asked]:
    """The words of a question worth looking for, each once. `languages`: those of what is indexed.

    Function words are looked for only when there is nothing else, or when they are written as an abbreviation (IT).
    """
    typed = list(_typed(text[:2000]))
    stops = _stops(written_in(text, languages))
    shouts = text.upper() == text
    named = [typed[i] for i in range(len(typed)) if typed[i][1] not in stops or _abbreviation(typed[i][0], shouts)]
    typing = bool(typed) and text.endswith(typed[-1][0])
    found: dict[tuple[str, ...], Asked] = {}
    for surface, word in named or typed:
        terms = tuple(dict.fromkeys(_terms(word, tuple(languages))))
        found.setdefault(terms, Asked(surface, terms, typing and surface == typed[-1][0]))
    return list(found.values())[:ASKED_MAX]


def written_in(text: str, spoken: Sequence[str]) -> list[str]:
    """The languages that `text` may be in, of those spoken; English when none of them is known to us."""
    known = list(dict.fromkeys(code for tag in spoken if (code := tag.lower().split("-")[0]) in ALGORITHMS)) or ["en"]
    return known if len(known) == 1 else likely([word for _, word in _typed(text[:2000])], known)


def tokens(text: str) -> Iterator[str]:
    """The words of a text, in small letters."""
    return (word for _, word in _typed(text))


def term(word: str) -> str:
    """How a folded word is written down: as it is, or by its bytes where it has more than small letters."""
    word = word[:WORD_MAX]
    return word if _PLAIN.fullmatch(word) else "q0" + word.encode().hex()


def fold(word: str) -> str:
    """Without accents and other marks, in small letters."""
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in apart if not unicodedata.category(c).startswith("M"))


def misspelt(word: str) -> list[str]:
    """The terms one slip away from `word`: a letter too many, too few, another one, or two in the wrong order."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    slips = [a + b[1:] for a, b in cuts if b] + [a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1]
    slips += [a + c + b[1:] for a, b in cuts if b for c in letters] + [a + c + b for a, b in cuts for c in letters]
    return list(dict.fromkeys(slip for slip in slips if slip != word))


def halves(word: str, languages: Sequence[str]) -> list[tuple[str, ...]]:
    """The terms of each two words that `word` may be written together of, in languages that do so: those of likely
    halves first."""
    joining = tuple(code for code in languages if code in WRITE_TOGETHER)
    word = word.lower()[:WORD_MAX]
    if not joining or len(word) < 2 * HALF_MIN:
        return []
    cuts = sorted(range(HALF_MIN, len(word) - HALF_MIN + 1), key=lambda cut: abs(2 * cut - len(word)))
    pairs = [(word[:cut], word[cut:]) for cut in cuts]
    pairs += [(left[:-1], right) for left, right in pairs if left.endswith("s") and len(left) > HALF_MIN]
    return [(_terms(left, joining)[0], _terms(right, joining)[0]) for left, right in pairs]


def _typed(text: str) -> Iterator[tuple[str, str]]:
    """Each word as it was typed, and in small letters."""
    for found in _WORD.findall(unicodedata.normalize("NFKC", text.encode("utf-8", "replace").decode())):
        for part in _APOSTROPHE.split(found):
            if part == "s" and found != part:
                continue  # the client's
            if _NO_SPACES.search(part):
                yield from ((pair, pair) for pair in _pairs(part))
            else:
                yield part, part.lower()


def _pairs(text: str) -> Iterator[str]:
    """Writing without spaces: every two signs that stand together are a word."""
    for run in re.split(f"({_NO_SPACES.pattern})", text):
        if run and _NO_SPACES.fullmatch(run) and len(run) > 1:
            yield from (run[i : i + 2] for i in range(len(run) - 1))
        elif run:
            yield run.lower()


@lru_cache(maxsize=200_000)
def _terms(word: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """The stems of `word` in each language; with and without its accents, for people leave them out."""
    word = word[:WORD_MAX]
    bare = fold(word)
    stems = {
        fold(_stem(form, code)) or bare for code in languages for form in (word, bare, *_without_clitics(bare, code))
    }
    return tuple(sorted(term(stem) for stem in stems if stem)) or (term(bare or word),)


def _stem(word: str, code: str) -> str:
    with _turn:  # a stemmer holds the word it works on
        if code not in _stemmers:
            import snowballstemmer  # noqa: PLC0415 - it brings thirty languages and takes long to load

            _stemmers[code] = snowballstemmer.stemmer(ALGORITHMS[code])
        stem = str(_stemmers[code].stemWord(word))
        # The Arabic one takes one ending a time: a plural's, then what the singular has.
        return str(_stemmers[code].stemWord(stem)) if code == "ar" else stem


def _without_clitics(word: str, code: str) -> list[str]:
    """Arabic writes "and", "with", "for" and "the" onto the word, and the stemmer leaves some of them there."""
    found = _CLITICS.fullmatch(word) if code == "ar" else None
    return [found[1]] if found else []


def _stops(languages: Iterable[str]) -> frozenset[str]:
    return frozenset[str]().union(*(STOP_WORDS.get(code, frozenset()) for code in languages))


def _abbreviation(surface: str, shouts: bool) -> bool:
    return not shouts and 2 <= len(surface) <= 4 and surface.isupper()
