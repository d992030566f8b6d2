"""Node functions: the machine's Node, whatever its version, with the SDK that AWS's image has."""

from __future__ import annotations

import asyncio
from pathlib import Path

from stepwell.functions.environment import Place, base_environment, join_path, layer_folders
from stepwell.functions.machine import Machine
from stepwell.functions.node_packages import NodePackages
from stepwell.functions.process import Launch
from stepwell.functions.python_launch import BOOTSTRAPS
from stepwell.services.lambda_.ports import FunctionSpec

_HEAP_SHARE = 0.9


class NodeLauncher:
    """Builds what is started for `nodejs*`."""

    def __init__(self, machine: Machine, cache: Path) -> None:
        self._machine = machine
        self._packages = NodePackages(cache)

    def refuse(self, version: str) -> str | None:
        """Node must be on the PATH."""
        if self._machine.find("node") is None:
            return "Node.js functions need the program `node`, which is not on the PATH."
        return None

    async def launch(self, spec: FunctionSpec, version: str, place: Place) -> Launch:
        """The bootstrap in Node."""
        program = self._machine.find("node") or "node"
        own = (await self._machine.ask(program, "--version") or "v?").removeprefix("v")
        packages, notes = await self._packages.folder(spec, version)
        if own.split(".")[0] != version.split(".")[0]:
            notes = (f"stepwell: {spec.runtime} runs on this machine's Node.js {own}", *notes)
        environment = base_environment(spec, place, BOOTSTRAPS)
        layers = await asyncio.to_thread(
            layer_folders, spec, f"nodejs/node{version}/node_modules", "nodejs/node_modules"
        )
        path = join_path(spec.environment.get("NODE_PATH"), *layers, packages)
        if path:
            environment["NODE_PATH"] = path
        environment["_STEPWELL_REQUIRE"] = str(BOOTSTRAPS / "node_redirect.js")
        command = (
            program,
            f"--max-old-space-size={max(64, int(spec.memory_mb * _HEAP_SHARE))}",
            str(BOOTSTRAPS / "node_runtime.js"),
        )
        return Launch(command, spec.code, environment, notes, title=f"nodejs:{own}")
