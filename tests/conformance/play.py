"""Plays recorded cases against a server and tells how each ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from stepwell import values
from tests.conformance import cases

AT_ONCE = 8
"""Cases played at a time: they mostly wait."""
WAIT_SECONDS_MAX = 10
CASE_SECONDS_MAX = 45
ALL_SECONDS_MAX = 1_200

CLIENT = {
    "AWS_RETRY_MODE": "legacy",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
"""The client as it was when AWS was recorded: the newer retry mode adds "(reached max retries: 0)"
to the text of every exception, whatever the server answers."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case ended: PASS, FAIL or ERROR, and the first difference in words."""

    id: str
    category: str
    outcome: str
    detail: str

    @property
    def passed(self) -> bool:
        """Whether every recorded answer matched."""
        return self.outcome == "PASS"


def play(endpoint: str, results: Path, only: Sequence[str] = ()) -> list[Outcome]:
    """Every playable case (or those of `only`), played against an endpoint.

    The runner's own report is left in `results`. Raises RuntimeError when the runner itself failed.
    """
    results.parent.mkdir(parents=True, exist_ok=True)
    results.unlink(missing_ok=True)
    ended = subprocess.run(
        [*command(endpoint, results), *(part for name in only for part in ("--only", name))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | CLIENT,
        timeout=ALL_SECONDS_MAX,
        check=False,
    )
    if not results.exists():
        said = ended.stdout.decode(errors="replace")[-4_000:]
        raise RuntimeError(f"the runner ended with status {ended.returncode}:\n{said}")
    return read(results)


def command(endpoint: str, results: Path) -> list[str]:
    """The runner's command line."""
    options = {
        "--endpoint": endpoint,
        "--cases": cases.folder(),
        "--services": ",".join(sorted(cases.SERVICES)),
        "--json": results,
        "-j": AT_ONCE,
        "--timeout": WAIT_SECONDS_MAX,
        "--case-timeout": CASE_SECONDS_MAX,
    }
    flat = [str(part) for option in options.items() for part in option]
    return [sys.executable, str(cases.runner()), "--quiet", *flat]


def read(results: Path) -> list[Outcome]:
    """The outcomes in a report of the runner."""
    report = cast("dict[str, list[dict[str, object]]]", values.decode(results.read_bytes()))
    return [
        Outcome(
            id=str(entry["id"]),
            category=str(entry["category"]),
            outcome=str(entry["outcome"]),
            detail=_detail(entry),
        )
        for entry in report["results"]
    ]


def _detail(entry: dict[str, object]) -> str:
    if "path" not in entry:
        return str(entry.get("note", ""))
    return f"at {entry['path']}: expected {entry.get('expected')}, got {entry.get('got')}"
