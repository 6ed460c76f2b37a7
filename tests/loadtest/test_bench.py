"""A whole bench against a real server: ends in time, cleans up, and says what the issue asks for."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

pytestmark = pytest.mark.compiler

ROOT = Path(__file__).parents[2]


def quick(name: str) -> dict[str, Any]:
    """What a quick bench reports, after it has cleaned up behind itself."""
    # A unix socket's path is short: pytest's own folders are too deep for one.
    with tempfile.TemporaryDirectory(prefix="ob") as folder:
        return _quick(name, Path(folder))


def _quick(name: str, tmp_path: Path) -> dict[str, Any]:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", "from loadtest.cli import bench; bench()", name, "--quick", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "OPENLINE_STORE_FSYNC": "no"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 100
    report: dict[str, Any] = json.loads(done.stdout)
    assert list(report)[-1] == "bars"
    for bar in report["bars"]:
        assert set(bar) == {"name", "value", "bar", "unit", "holds"}
    assert list(tmp_path.iterdir()) == []
    left = [each for each in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(each.info["cmdline"] or [])]
    assert left == []
    return report


@pytest.mark.slow
def test_a_quick_bench_prints_one_object_that_ends_with_its_bars() -> None:
    report = quick("match")
    assert report["told"]["n"] == 180
    assert all(bar["value"] > 0 for bar in report["bars"])
