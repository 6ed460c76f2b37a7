"""The texts of `bench search` are what the importer takes, and the same in every run."""

from directory.importer import BYTES_MAX, parse
from loadtest.search import EXPERTS, FILES, WORDS_EACH, Writer, _files


def test_the_texts_can_be_imported_and_come_the_same_each_time() -> None:
    files = list(_files(Writer(1), 40))
    assert files == list(_files(Writer(1), 40))
    parsed = [parse(text) for text in files]
    assert sum(len(one.rows) for one in parsed) == 40
    assert not any(one.problems for one in parsed)
    each = sum(map(len, files)) / 40
    assert each * EXPERTS / FILES < BYTES_MAX
    assert 20e6 < each * EXPERTS < 28e6
    assert len(parsed[0].rows[0].biography.split()) == WORDS_EACH


def test_questions_are_made_of_the_words_of_the_texts() -> None:
    writer = Writer(1)
    texts = set(" ".join(writer.text(5_000) for _ in range(4)).split())
    asked = [word for _ in range(50) for word in writer.question().split()]
    assert sum(word in texts for word in asked) > len(asked) / 2
