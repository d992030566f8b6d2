"""The working copy as the house tests see it: what git would commit, parsed once."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.shared import ROOT

PACKAGE = "stepwell"
SOURCE = ROOT / "src"


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file. `name` is its dotted name, or its path for files outside the package."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        """The path from the top, as findings name it."""
        return self.path.relative_to(ROOT).as_posix()


@cache
def files() -> tuple[Path, ...]:
    """Every file git knows or would add, without what is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    paths = (ROOT / name for name in listed.split("\0") if name)
    return tuple(sorted(p for p in paths if p.is_file()))


@cache
def modules() -> tuple[Module, ...]:
    """Every Python file of product, tests, tools and bench."""
    return tuple(_module(p) for p in files() if p.suffix == ".py")


@cache
def product() -> tuple[Module, ...]:
    """The modules of the package."""
    return tuple(m for m in modules() if m.path.is_relative_to(SOURCE))


def _module(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(_name(path), path, text, ast.parse(text, str(path)))


def _name(path: Path) -> str:
    base = SOURCE if path.is_relative_to(SOURCE) else ROOT
    parts = path.relative_to(base).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
