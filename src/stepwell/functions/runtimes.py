"""From a function to what is started for it: one builder per family of runtimes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from stepwell.functions.custom_launch import CustomLauncher
from stepwell.functions.environment import Place
from stepwell.functions.java_launch import JavaLauncher
from stepwell.functions.machine import Machine
from stepwell.functions.node_launch import NodeLauncher
from stepwell.functions.process import Launch
from stepwell.functions.python_launch import PythonLauncher
from stepwell.services.lambda_.ports import FunctionSpec

_NAME = re.compile(
    r"(python|nodejs|java|provided|go|ruby|dotnet(?:core)?)([\d.]*(?:al\d+)?)(?:\.x)?"
)


class Launcher(Protocol):
    """Builds what is started for functions of one family."""

    def refuse(self, version: str) -> str | None:
        """Why it cannot run here, or None."""

    async def launch(self, spec: FunctionSpec, version: str, place: Place) -> Launch:
        """What is started. Raises ServiceError."""


class Runtimes:
    """The families that run here."""

    def __init__(self, scratch: Path, cache: Path) -> None:
        machine = Machine()
        self._launchers: dict[str, Launcher] = {
            "python": PythonLauncher(machine, scratch, cache),
            "nodejs": NodeLauncher(machine, cache),
            "java": JavaLauncher(machine, cache),
            "provided": CustomLauncher(),
        }

    def refuse(self, runtime: str) -> str | None:
        """Why functions of that runtime cannot run on this machine, or None."""
        family, version = _split(runtime)
        launcher = self._launchers.get(family)
        if launcher is None:
            known = ", ".join(f"{name}*" for name in self._launchers)
            return f"Runtime {runtime} is not supported here; supported are {known}."
        return launcher.refuse(version)

    async def launch(self, spec: FunctionSpec, place: Place) -> Launch:
        """What is started for that function; the caller has asked `refuse`."""
        if (spec.code / "bootstrap").is_file():
            return await self._launchers["provided"].launch(spec, "", place)
        family, version = _split(spec.runtime)
        return await self._launchers[family].launch(spec, version, place)


def _split(runtime: str) -> tuple[str, str]:
    """`python3.12` is ("python", "3.12"), `nodejs20.x` is ("nodejs", "20")."""
    found = _NAME.fullmatch(runtime)
    return (found[1], found[2]) if found else ("", "")
