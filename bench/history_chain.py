"""The harness's `history` scenario with a chain of Pass states instead of a Map.

    python history_chain.py LOAD_PY --endpoint URL -n PAGES -c CLIENTS --json OUT

The pages are read as the harness reads them; only the execution that is read differs: 2,499 Pass
states and a Succeed leave 5,002 events, about as many as the Map of the harness. Runs in the
bench's own environment.
"""

import argparse
import asyncio
import contextlib
import importlib.util
import itertools
import json
import os
from types import ModuleType

STATES = 2_499


def main() -> None:
    """Load the harness, swap the machine, run its scenario."""
    parser = argparse.ArgumentParser()
    parser.add_argument("load")
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("-n", type=int, default=500)
    parser.add_argument("-c", type=int, default=16)
    parser.add_argument("--pid", type=int)
    parser.add_argument("--json", required=True)
    chosen = parser.parse_args()
    load = harness(chosen.load)
    load.Bench.map_exec = chain
    run = asyncio.run
    with contextlib.suppress(ImportError):
        import uvloop

        run = uvloop.run
    run(load.main(options(chosen)))


def harness(path: str) -> ModuleType:
    """The load harness as a module."""
    spec = importlib.util.spec_from_file_location("load", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} can not be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def chain(bench, items: int, kind: str = "STANDARD") -> tuple[str, str]:  # type: ignore[no-untyped-def]
    """In place of the harness's Map: the machine and the input of one execution."""
    names = [f"S{number}" for number in range(STATES)]
    states = {
        name: {"Type": "Pass", "Next": following} for name, following in itertools.pairwise(names)
    }
    states[names[-1]] = {"Type": "Pass", "Next": "Done"}
    machine = await bench.machine({**states, "Done": {"Type": "Succeed"}}, names[0], tag="history")
    return machine, json.dumps({"i": 0})


def options(chosen: argparse.Namespace) -> argparse.Namespace:
    """What the harness's own command line would have made of it."""
    return argparse.Namespace(
        **vars(chosen),
        scenario="history",
        client="raw",
        sign="dummy",
        repeat=1,
        consumers=4,
        items=1_000,
        complete=1_000,
        sample=400,
        poll=0.05,
        timeout=60,
        server_cmd=None,
        server_log=os.devnull,
    )


if __name__ == "__main__":
    main()
