"""The documentation as the house tests see it: headings, anchors, relative links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import files
from tests.shared import ROOT

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")


def markdown() -> list[Path]:
    """Every Markdown file git would commit."""
    return [path for path in files() if path.suffix == ".md"]


def prose(text: str) -> Iterator[tuple[int, str]]:
    """The numbered lines outside fenced code."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line


def headings(text: str) -> list[str]:
    """The headings' texts, without marks."""
    found = (HEADING.match(line) for _, line in prose(text))
    return [match[2].replace("`", "") for match in found if match]


def anchor(heading: str) -> str:
    """The anchor a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def sections(text: str) -> dict[str, str]:
    """Each heading's text with everything up to the next heading of any level."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        match = HEADING.match(line)
        if match:
            lines = found.setdefault(match[2].replace("`", ""), [])
        else:
            lines.append(line)
    return {heading: "\n".join(body) for heading, body in found.items()}


def broken_links(path: Path) -> Iterator[str]:
    """The relative links of a file that lead nowhere."""
    for number, line in prose(path.read_text(encoding="utf-8")):
        for target in LINK.findall(line):
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            name, _, fragment = target.partition("#")
            place = (path.parent / name).resolve() if name else path
            if not place.exists():
                yield f"{path.relative_to(ROOT)}:{number}: {target}"
            elif fragment and place.suffix == ".md":
                known = [anchor(h) for h in headings(place.read_text(encoding="utf-8"))]
                if fragment not in known:
                    yield f"{path.relative_to(ROOT)}:{number}: {target} (no such heading)"
