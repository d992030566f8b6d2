"""Java functions: the machine's JVM with AWS's runtime interface client.

First on the class path is what leads version 1 of the SDK home, then the client, then the function
and its layers, as AWS's image has it.
"""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from stepwell.functions.environment import Place, base_environment, layer_folders
from stepwell.functions.java_packages import JavaPackages
from stepwell.functions.machine import Machine
from stepwell.functions.process import Launch
from stepwell.functions.python_launch import BOOTSTRAPS
from stepwell.services.lambda_.ports import FunctionSpec

_MAIN = "com.amazonaws.services.lambda.runtime.api.client.AWSLambda"
_HEAP_SHARE = 0.8
_HEAP_MB_MIN = 64
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


class JavaLauncher:
    """Builds what is started for `java*`."""

    def __init__(self, machine: Machine, cache: Path) -> None:
        self._machine = machine
        self._packages = JavaPackages(cache)

    def refuse(self, version: str) -> str | None:
        """A JVM must be on the PATH."""
        if self._machine.find("java") is None:
            return "Java functions need a JVM: the program `java` is not on the PATH."
        return None

    async def launch(self, spec: FunctionSpec, version: str, place: Place) -> Launch:
        """The client in a JVM."""
        program = self._machine.find("java") or "java"
        said = await self._machine.ask(program, "-version") or ""
        found = _VERSION.search(said)
        own = found[1] if found else "?"
        notes: tuple[str, ...] = ()
        if own != version.partition(".")[0]:
            notes = (f"stepwell: {spec.runtime} runs on this machine's Java {own}",)
        jars = await self._packages.jars()
        layers = await asyncio.to_thread(layer_folders, spec, "java/lib")
        path = [BOOTSTRAPS / "java", *jars, spec.code, spec.code / "lib/*"]
        path += [layer / "*" for layer in layers]
        heap_mb = max(_HEAP_MB_MIN, int(spec.memory_mb * _HEAP_SHARE))
        # The client reaches for the pipe of its log by reflection, which modules must allow.
        command = (
            *(program, f"-Xmx{heap_mb}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            *(("--add-opens=java.base/java.io=ALL-UNNAMED",) if own != "8" else ()),
            *("-Xshare:auto", f"-Djava.io.tmpdir={place.temporary}"),
            *("-cp", os.pathsep.join(map(str, path)), _MAIN, spec.handler),
        )
        environment = base_environment(spec, place, BOOTSTRAPS)
        environment.setdefault("AWS_JAVA_V1_DISABLE_DEPRECATION_ANNOUNCEMENT", "true")
        return Launch(command, spec.code, environment, notes, title=f"java:{own}", framed=True)
