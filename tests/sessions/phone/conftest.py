"""The suite is a module beside the tests: its asserts are to explain themselves, too."""

import pytest

pytest.register_assert_rewrite("tests.sessions.phone.suite")
