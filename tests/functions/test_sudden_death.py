"""kill -9 of the server: nothing of its functions is left."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.functions.test_runner import alive, ended
from tests.shared import ROOT

SERVER = """
import asyncio, pathlib, sys
from tests.functions.running import make_running

NODE = "exports.handler = async (file) => {{"
NODE += " require('fs').writeFileSync(file, `${{process.pid}}`); for (;;); }};"
PYTHON = '''
import os, subprocess, time
def handler(file, context):
    child = subprocess.Popen(["sleep", "600"])
    idle = subprocess.Popen(["sleep", "600"], start_new_session=False)
    open(file, "w").write(f"{{os.getpid()}} {{child.pid}} {{idle.pid}}")
    while True: time.sleep(100)
'''
IDLE = "import os\\ndef handler(file, context): open(file, 'w').write(str(os.getpid()))"

async def main():
    folder = pathlib.Path({folder!r})
    running = make_running(folder, lambda: "http://localhost:4566")
    make = running.function
    idle = make("python3.12", "app.handler", {{"app.py": IDLE}})
    busy = make("python3.12", "app.handler", {{"app.py": PYTHON}}, timeout_seconds=600)
    specs = [busy]
    await running.call(idle, str(folder / "idle"))
    if {node}:
        specs.append(make("nodejs20.x", "index.handler", {{"index.js": NODE}}, timeout_seconds=600))
    calls = [asyncio.ensure_future(running.call(s, str(folder / s.key))) for s in specs]
    while not all((folder / s.key).exists() and (folder / s.key).read_text() for s in specs):
        await asyncio.sleep(0.01)
    print("\\n".join((folder / name).read_text() for name in [*(s.key for s in specs), "idle"]))
    print("ready", flush=True)
    await asyncio.gather(*calls)

{run}(main())
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_nothing_survives_the_server(tmp_path: Path, loop: str) -> None:
    """Busy and idle processes and what they have started end, though nobody ended them."""
    import shutil

    source = SERVER.format(
        folder=str(tmp_path), node=shutil.which("node") is not None, run=f"{loop}.run"
    )
    source = source.replace("import asyncio,", f"import {loop}, asyncio,")
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", source, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    pids: list[int] = []
    async with asyncio.timeout(60):
        while (line := (await server.stdout.readline()).decode().strip()) != "ready":
            assert line, "the server ended"
            pids += map(int, line.split())
    assert len(pids) >= 4
    assert all(alive(pid) for pid in pids)
    server.send_signal(signal.SIGKILL)
    await server.wait()
    for pid in pids:
        await ended(pid)
