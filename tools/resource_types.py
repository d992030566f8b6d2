"""Writes docs/reference/resource-types.md: every resource type that stacks can have here.

python tools/resource_types.py            rewrite the page
python tools/resource_types.py --check    exit 1 when the page is not what it should be
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from stepwell.deploy.catalog import TYPES
from stepwell.deploy.resource_type import ResourceType

TARGET = Path(__file__).parent.parent / "docs/reference/resource-types.md"

_HEAD = """# Resource types

What a stack's template can have here, whichever tool wrote it. This page is made from the table of
types that the server itself reads (`python tools/resource_types.py`). A type that is not on it is
refused before anything is created, and so is a property that AWS does not have.
[How the services differ from AWS](../parity.md) holds for resources of stacks, too.

## Resources that run

All properties of these types have their effect, but for those named beside them. Properties
*without effect* can't matter on one machine: they are kept and shown. *Refused* ones would matter,
so a template that has one is refused.

| type | without effect | refused |
|---|---|---|
"""

_STORED = """
## Stored without effect

Nothing on this server could act on these. They have the reference and attributes that other
resources ask for, and are listed with the stack; any property is taken.

| service | types |
|---|---|
"""


def page(types: Mapping[str, ResourceType] = TYPES) -> str:
    """The whole page."""
    known = sorted(types.values(), key=lambda each: each.name)
    running = [_row(each) for each in known if not each.stored_only]
    stored = _by_service(each.name for each in known if each.stored_only)
    kept = [f"| {service} | {', '.join(names)} |" for service, names in stored.items()]
    return "\n".join([_HEAD + "\n".join(running), _STORED + "\n".join(kept), ""])


def _row(known: ResourceType) -> str:
    kept = ", ".join(f"`{name}`" for name in sorted(known.without_effect))
    refused = "; ".join(
        f"`{name}`: {why.rstrip('.')}" for name, why in sorted(known.refused.items())
    )
    return f"| `{known.name}` | {kept} | {refused} |"


def _by_service(names: Iterable[str]) -> dict[str, list[str]]:
    services: dict[str, list[str]] = {}
    for name in names:
        prefix, _, last = name.rpartition("::")
        services.setdefault(f"`{prefix}`", []).append(f"`{last}`")
    return services


def main() -> int:
    """Write the page, or compare it."""
    text = page()
    if "--check" in sys.argv[1:]:
        if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
            return 0
        print(f"{TARGET} is not up to date: python tools/resource_types.py", file=sys.stderr)
        return 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
