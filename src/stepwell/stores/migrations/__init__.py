"""Numbered changes of the schema, one text file per database, never changed after a release.

Rules: numbers go 1, 2, 3 without a gap. A database remembers number and digest of what it was
given; a digest that differs means another build made it, a number we do not have means a newer
one did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from stepwell.errors import StorageTrouble, StoreTooNew
from stepwell.runtime.tables import Table
from stepwell.stores.schema import Dialect, create_all

WRITE_COMMAND = "python -m stepwell.stores.migrations.write"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number, its name and its SQL."""

    number: int
    name: str
    text: str

    @property
    def digest(self) -> str:
        """What the text hashes to."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:32]


def packaged(dialect: Dialect) -> tuple[Migration, ...]:
    """The product's migrations in order."""
    folder = files(__name__) / dialect
    found = []
    for file in folder.iterdir():
        if file.name.endswith(".sql"):
            number, name = file.name.removesuffix(".sql").split("_", 1)
            found.append(Migration(int(number), name, file.read_text(encoding="utf-8")))
    found.sort(key=lambda migration: migration.number)
    return tuple(found)


def generated(tables: Iterable[Table[Any]], dialect: Dialect) -> tuple[Migration, ...]:
    """One migration that makes just these tables; for tests with tables of their own."""
    return (Migration(1, "first", create_all(tables, dialect)),)


def missing(
    applied: Sequence[tuple[int, str]], known: Sequence[Migration], place: str
) -> Sequence[Migration]:
    """The migrations still to apply to a database which has (number, digest) pairs already."""
    newest = known[-1].number if known else 0
    for number, digest in applied:
        if number > newest:
            there = max(n for n, _ in applied)
            raise StoreTooNew(
                f"{place} has schema version {there}, this Stepwell knows versions up to {newest}: "
                "run the newer Stepwell that wrote it"
            )
        if digest != known[number - 1].digest:
            raise StorageTrouble(
                f"{place} was made by a development build whose schema version {number} differs: "
                "use that build, or another place for the data"
            )
    return known[len(applied) :]


def not_as_declared(table: Table[Any], present: Iterable[str]) -> StorageTrouble | None:
    """What to say when a declared table is not in the database as declared."""
    odd = {column.name for column in table.columns} ^ set(present)
    if not odd:
        return None
    return StorageTrouble(
        f"table {table.name} is declared otherwise than the migrations leave it "
        f"({', '.join(sorted(odd))}): write the migration with `{WRITE_COMMAND} NAME`, "
        "or --rewrite-first before the first release"
    )
