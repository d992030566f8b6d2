"""Puts the shapes of every AWS operation's answer into one small archive, from botocore's models.

    python tools/output_shapes.py            rewrite the package data

TestState holds mocked results against them. One file per service, named as tasks name it:
`operations` leads to positions in `shapes`, where a shape is one of

    "s"  ["s", [values]]                  a text, or one of some texts
    "n"  ["n", least, most]               a number, within bounds (null: none)
    "b"  "*"                              true or false; anything
    ["l", item]  ["m", value]             a list, a map
    ["o", {member: shape}, [required]]    an object
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

TARGET = Path(__file__).parent.parent / "src/stepwell/models/data/outputs.zip"

NUMBERS = frozenset({"integer", "long", "short", "byte", "float", "double", "bigdecimal"})
_WHEN = (1980, 1, 1, 0, 0, 0)
"""An archive made twice is the same."""


def task_name(model: dict[str, Any]) -> str:
    """The service as resources of `aws-sdk:` tasks name it."""
    return str(model["metadata"]["serviceId"]).replace(" ", "").lower()


class Shapes:
    """The shapes that answers of one service are made of, each once."""

    def __init__(self, shapes: dict[str, Any]) -> None:
        self._shapes = shapes
        self._by_name: dict[str, int] = {}
        self._by_text: dict[str, int] = {}
        self.found: list[Any] = []

    def position(self, name: str) -> int:
        """Where a shape of the model stands in `found`."""
        known = self._by_name.get(name)
        if known is not None:
            return known
        raw = self._shapes[name]
        kind = raw["type"]
        if kind == "structure" and not raw.get("document"):
            return self._object(name, raw)
        if kind == "list":
            entry: Any = ["l", self.position(raw["member"]["shape"])]
        elif kind == "map":
            entry = ["m", self.position(raw["value"]["shape"])]
        else:
            entry = _scalar(raw)
        text = json.dumps(entry)
        if text not in self._by_text:
            self._by_text[text] = len(self.found)
            self.found.append(entry)
        self._by_name[name] = self._by_text[text]
        return self._by_name[name]

    def _object(self, name: str, raw: dict[str, Any]) -> int:
        """Objects may hold themselves: their place is taken before their members are looked at."""
        place = self._by_name[name] = len(self.found)
        self.found.append(None)
        members = {key: self.position(ref["shape"]) for key, ref in raw["members"].items()}
        required = [key for key in raw.get("required", ()) if key in members]
        self.found[place] = ["o", members, required] if required else ["o", members]
        return place


def _scalar(raw: dict[str, Any]) -> Any:
    kind = raw["type"]
    if kind in NUMBERS:
        bounded = "min" in raw or "max" in raw
        return ["n", raw.get("min"), raw.get("max")] if bounded else "n"
    if kind == "boolean":
        return "b"
    if kind == "structure":
        return "*"
    return ["s", raw["enum"]] if raw.get("enum") else "s"


def outputs(model: dict[str, Any]) -> dict[str, Any]:
    """The answers of a service's operations."""
    shapes = Shapes(model["shapes"])
    operations = {
        name: shapes.position(operation["output"]["shape"])
        for name, operation in model["operations"].items()
        if operation.get("output")
    }
    return {"operations": operations, "shapes": shapes.found}


def main() -> int:
    """Write the archive."""
    loader = Loader()
    files: dict[str, dict[str, Any]] = {}
    for service in loader.list_available_services("service-2"):
        model = loader.load_service_model(service, "service-2")
        files[task_name(model)] = outputs(model)
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{name}.json", _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, json.dumps(content, separators=(",", ":")))
    sys.stdout.write(f"{len(files)} services, {TARGET.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
