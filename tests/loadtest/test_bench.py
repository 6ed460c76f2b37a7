"""A whole bench against a real server: ends in time, cleans up, and says what the issue asks for."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_quick_bench_prints_one_object_that_ends_with_its_bars() -> None:
    # A unix socket's path is short: pytest's own folders are too deep for one.
    with tempfile.TemporaryDirectory(prefix="ob") as folder:
        _quick_match(Path(folder))


def _quick_match(tmp_path: Path) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", "from loadtest.cli import bench; bench()", "match", "--quick", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 100
    report = json.loads(done.stdout)
    assert list(report)[-1] == "bars"
    assert report["told"]["n"] == 180
    for bar in report["bars"]:
        assert set(bar) == {"name", "value", "bar", "unit", "holds"}
        assert bar["value"] > 0
    assert list(tmp_path.iterdir()) == []
    left = [process for process in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(process.cmdline())]
    assert left == []
