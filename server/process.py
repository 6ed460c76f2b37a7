"""What our processes do first, whichever they are."""

import resource


def raise_file_limit() -> None:
    """A socket is a file: as many as the system lets us have. Workers inherit it."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
