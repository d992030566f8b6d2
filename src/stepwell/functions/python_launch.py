"""Python functions: the interpreter of that version if there is one, with boto3 and little else.

The interpreter starts without `site` and so without the packages of its environment; what AWS's
image has is put on PYTHONPATH, after the layers.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from stepwell.functions.environment import Place, base_environment, join_path, layer_folders
from stepwell.functions.machine import Machine
from stepwell.functions.process import Launch
from stepwell.functions.python_packages import PythonPackages
from stepwell.services.lambda_.ports import FunctionSpec

BOOTSTRAPS = Path(__file__).parent / "bootstraps"
ALLOWANCE_MB = 512
"""Beyond the function's memory: the interpreter, its libraries, the stacks of threads."""


class PythonLauncher:
    """Builds what is started for `python*`."""

    def __init__(self, machine: Machine, scratch: Path, cache: Path) -> None:
        self._machine = machine
        self._compiled = scratch / "pycache"
        self._packages = PythonPackages(scratch, cache)

    def refuse(self, version: str) -> str | None:
        """Python 3 is here: Stepwell runs on it."""
        if not version.startswith("3."):
            return f"Python {version or '?'} is not supported here; Python 3 is."
        return None

    async def launch(self, spec: FunctionSpec, version: str, place: Place) -> Launch:
        """The bootstrap in an interpreter."""
        program, own = await self._machine.python(version)
        packages, notes = await self._packages.folder(spec, version=own)
        if not own.startswith(f"{version}."):
            notes = (f"stepwell: {spec.runtime} runs on this machine's Python {own}", *notes)
        environment = base_environment(spec, place, BOOTSTRAPS)
        layers = await asyncio.to_thread(
            layer_folders, spec, "python", f"python/lib/python{version}/site-packages"
        )
        environment["PYTHONPATH"] = join_path(spec.environment.get("PYTHONPATH"), *layers, packages)
        memory = (spec.memory_mb + ALLOWANCE_MB) * 1024 * 1024
        environment |= {
            "_STEPWELL_MEMORY_BYTES": str(memory),
            "_STEPWELL_PYCACHE": str(self._compiled),
        }
        command = (program, "-s", "-S", str(BOOTSTRAPS / "python_runtime.py"))
        return Launch(command, spec.code, environment, notes, title=f"python:{own}")
