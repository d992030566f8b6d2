"""Builds the Java consumer: Maven fetches its libraries, and the jar goes beside them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).parent / "java"


def missing() -> str | None:
    """What is missing to build and run Java functions, as a sentence."""
    for program, what in (("java", "a Java runtime"), ("mvn", "Maven")):
        if shutil.which(program) is None:
            return f"the Java consumer needs {what}: `{program}` was not found"
    return None


def build(folder: Path) -> Path:
    """The folder that CreateFunction gets: classes, and libraries under lib."""
    project = folder / "project"
    shutil.copytree(SOURCE, project, dirs_exist_ok=True)
    options = ["--batch-mode", "--quiet", "--no-transfer-progress", "-Dstyle.color=never"]
    command = ["mvn", *options, "compile", "dependency:copy-dependencies"]
    subprocess.run(command, cwd=project, check=True, timeout=600, stdout=subprocess.DEVNULL)
    code = folder / "code"
    shutil.copytree(project / "target/classes", code, dirs_exist_ok=True)
    shutil.copytree(project / "target/dependency", code / "lib", dirs_exist_ok=True)
    return code
