"""`make bench`: load scenarios against Stepwell and the ceiling probe, in turns, as ratios.

Absolute rates say more about the machine and its neighbours than about Stepwell, so both run in the
same minute, one after the other, several times, each on fresh data; medians are compared. Both are
durable: an answer means that its effects were flushed to disk.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from bench import servers
from bench.report import Line, render
from bench.scenarios import SCENARIOS, Result, Scenario, named
from stepwell import values
from stepwell.testing.server import ServerProcess

ROOT = Path(__file__).resolve().parents[1]
RUN_SECONDS_MAX = 600


@dataclass(frozen=True, slots=True)
class Tools:
    """The load harness and the probe, which are not part of the product, and their Python."""

    python: Path
    load: Path
    probe: Path


@dataclass(slots=True)
class Runs:
    """What the runs of one scenario gave."""

    results: dict[str, list[Result]] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the scenarios and print the table; 1 when a floor is missed."""
    chosen = _parse(arguments)
    tools = find_tools(Path(chosen.tools_python))
    if tools is None:
        return 2
    lines = []
    for scenario in named(chosen.scenarios):
        count = max(1, round(scenario.count * chosen.scale))
        lines.append(measure(scenario, tools, count=count, repeat=chosen.repeat))
        print(f"  {scenario.name}: done", file=sys.stderr, flush=True)
    print(render(lines))
    if chosen.json:
        Path(chosen.json).write_bytes(values.encode([line.facts() for line in lines]))
    return 1 if any(line.missed for line in lines) else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--tools-python", default=sys.executable, help="runs harness and probe")
    parser.add_argument("--scenarios", default=",".join(s.name for s in SCENARIOS))
    parser.add_argument("--repeat", type=int, default=3, help="runs of each server (median)")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the sizes")
    parser.add_argument("--json", help="write every number there too")
    return parser.parse_args(arguments)


def find_tools(python: Path) -> Tools | None:
    """The harness and the probe in the shared material; None, and why, when they are not there."""
    base = os.environ.get("STEPWELL_SHARED")
    folder = (Path(base) if base else ROOT.parent / "shared") / "bench"
    tools = Tools(python.absolute(), folder / "load.py", folder / "limits" / "skeleton.py")
    missing = [str(path) for path in (tools.load, tools.probe) if not path.exists()]
    if missing:
        print("The load harness and the probe are not part of Stepwell, and I can't find them:")
        print("\n".join(f"  {path}" for path in missing))
        print("Set STEPWELL_SHARED to the folder that holds bench/load.py.")
        return None
    return tools


def measure(scenario: Scenario, tools: Tools, *, count: int, repeat: int) -> Line:
    """Play a scenario in turns, the order turned round each time; what came of it."""
    if scenario.not_yet:
        return Line(scenario, note=f"not yet: {scenario.not_yet}")
    runs = Runs()
    for turn in range(1 if scenario.alone else repeat):
        names = ["stepwell"] if scenario.alone else ["stepwell", "probe"]
        for name in names if turn % 2 == 0 else reversed(names):
            _one(runs, name, scenario, tools, count)
    return _line(scenario, runs, count)


def _line(scenario: Scenario, runs: Runs, count: int) -> Line:
    ours, probes = (runs.results.get(name, []) for name in ("stepwell", "probe"))
    return Line(
        scenario,
        ours=_middle(scenario.value, ours),
        probes=_middle(scenario.value, probes),
        our_cpu=_cpu(ours, count),
        probes_cpu=_cpu(probes, count),
        our_slow=_middle(scenario.worst_usual, ours),
        probes_slow=_middle(scenario.worst_usual, probes),
        note="; ".join(dict.fromkeys(runs.troubles)),
    )


def _one(runs: Runs, name: str, scenario: Scenario, tools: Tools, count: int) -> None:
    try:
        if scenario.name == "restart":
            result = _restart(scenario, tools, count)
        else:
            with _server(name, tools) as server:
                result = play(scenario, tools, server, count)
    except RuntimeError as error:
        runs.troubles.append(f"{name}: {error}")
        return
    if trouble := scenario.trouble(result):
        runs.troubles.append(f"{name}: {trouble}")
    else:
        runs.results.setdefault(name, []).append(result)


def _server(name: str, tools: Tools) -> AbstractContextManager[servers.Running]:
    return servers.stepwell() if name == "stepwell" else servers.probe(tools.python, tools.probe)


def _restart(scenario: Scenario, tools: Tools, count: int) -> Result:
    """The harness starts, kills and starts the server itself, on a port that was free just now."""
    with tempfile.TemporaryDirectory(prefix="stepwell-bench-") as folder:
        server = ServerProcess(Path(folder) / "data")
        command = tuple(server.command)
        return play(
            scenario, tools, servers.Running("stepwell", server.endpoint, 0, command), count
        )


def play(scenario: Scenario, tools: Tools, server: servers.Running, count: int) -> Result:
    """One run of the harness against a server. Raises RuntimeError with the end of what it said."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "result.json"
        ended = subprocess.run(
            _command(scenario, tools, server, count, report),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=RUN_SECONDS_MAX,
            check=False,
        )
        if ended.returncode or not report.exists():
            raise RuntimeError(_last_line(ended.stderr) or f"status {ended.returncode}")
        document = cast("dict[str, list[Result]]", values.decode(report.read_bytes()))
    return document["runs"][0]


def _command(
    scenario: Scenario, tools: Tools, server: servers.Running, count: int, report: Path
) -> list[str]:
    common = [
        *("--endpoint", server.endpoint, "-n", str(count), "-c", str(scenario.at_once)),
        *("--json", str(report)),
        *(("--pid", str(server.pid)) if server.pid else ()),
    ]
    if scenario.name == "history":
        own = Path(__file__).with_name("history_chain.py")
        return [str(tools.python), str(own), str(tools.load), *common]
    if scenario.name == "lambda-callback":
        own = Path(__file__).with_name("lambda_callback.py")
        return [sys.executable, str(own), *common]
    restart = ["--server-cmd", shlex.join(server.command)] if scenario.name == "restart" else []
    return [str(tools.python), str(tools.load), "--scenario", scenario.name, *common, *restart]


def _last_line(text: bytes) -> str:
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else ""


def _middle(measure: Callable[[Result], float | None], results: Sequence[Result]) -> float | None:
    found = [value for result in results if (value := measure(result)) is not None]
    return statistics.median(found) if found else None


def _cpu(results: Sequence[Result], count: int) -> float | None:
    """Server CPU in milliseconds per operation."""
    spent = [seconds for r in results if isinstance(seconds := r.get("server_cpu_s"), int | float)]
    return statistics.median(spent) * 1_000 / count if spent else None


if __name__ == "__main__":
    sys.exit(main())
