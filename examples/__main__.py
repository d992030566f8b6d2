"""Runs the example apps: `python -m examples [NAME ...]`.

Each has a server of its own, whose clock is put forward where an app would wait. The last line says
how many did what they must.
"""

from __future__ import annotations

import importlib
import logging
import sys
import tempfile
import time
import traceback
from pathlib import Path

from examples.kit import World
from stepwell.testing.skipping import SkippingServer

NAMES = (
    "service_integrations",
    "serverless_callback",
    "cdk_state_machine",
    "sqs_buffered",
    "user_registration",
)


def run(name: str) -> None:
    """Run one app on a fresh server. Raises NotSeen and whatever clients raise."""
    app = importlib.import_module(f"examples.{name}.app")
    with (
        tempfile.TemporaryDirectory() as folder,
        SkippingServer(Path(folder) / "data") as server,
    ):
        app.run(World(server.endpoint, lambda s: server.skip(seconds=s), _say))


def _say(text: str) -> None:
    print(f"  - {text}", flush=True)


def main(names: list[str]) -> int:
    """Run those apps, or all."""
    unknown = set(names) - set(NAMES)
    if unknown:
        print(f"no such example: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
        return 2
    logging.basicConfig(level=logging.ERROR)
    chosen = names or list(NAMES)
    passed = 0
    for name in chosen:
        began = time.monotonic()
        print(f"{name}", flush=True)
        try:
            run(name)
        except Exception:
            traceback.print_exc()
            continue
        passed += 1
        print(f"  passed in {time.monotonic() - began:.1f} s", flush=True)
    print(f"{passed} of {len(chosen)} seed systems passed")
    return 0 if passed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
