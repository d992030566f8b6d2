"""Every table the product declares: TABLES of the runtime's records and of each service's."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import stepwell.services
from stepwell.runtime import records
from stepwell.runtime.tables import Table


def declared_tables() -> tuple[Table[Any], ...]:
    """All tables by name. A service takes part by having a `records` module with TABLES."""
    tables: list[Table[Any]] = list(records.TABLES)
    for folder in stepwell.services.__path__:
        for path in sorted(Path(folder).glob("*/records.py")):
            module = importlib.import_module(f"stepwell.services.{path.parent.name}.records")
            tables.extend(module.TABLES)
    tables.sort(key=lambda table: table.name)
    names = [table.name for table in tables]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"tables declared twice: {', '.join(sorted(twice))}")
    return tuple(tables)
