"""Write the migration that brings the schema to what the tables declare.

    python -m stepwell.stores.migrations.write NAME
    python -m stepwell.stores.migrations.write --rewrite-first

The first form compares all migrations so far with the declarations and writes the next number for
both databases. The second makes number 0001 anew; only until the first release, because databases
made before no longer open.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import apsw

from stepwell.runtime.tables import Table
from stepwell.stores.migrations import Migration, packaged
from stepwell.stores.migrations.declared import declared_tables
from stepwell.stores.schema import (
    DIALECTS,
    Dialect,
    column_definition,
    create_all,
    create_index,
    create_table,
)
from stepwell.stores.sql import quoted

FOLDER = Path(__file__).parent


def migrated(migrations: tuple[Migration, ...]) -> apsw.Connection:
    """An empty SQLite database after these migrations."""
    connection = apsw.Connection(":memory:")
    for migration in migrations:
        connection.execute(migration.text)
    return connection


def difference(
    connection: apsw.Connection, tables: tuple[Table[Any], ...], dialect: Dialect
) -> list[str]:
    """The statements that are missing. Raises ValueError for what only a human can decide."""
    statements: list[str] = []
    present = {
        str(row[0])
        for row in connection.execute("SELECT name FROM sqlite_schema WHERE type='table'")
    }
    statements.extend(
        f"DROP TABLE {quoted(name)};" for name in sorted(present - {t.name for t in tables})
    )
    for table in tables:
        if table.name not in present:
            statements.append(create_table(table, dialect))
            statements.extend(create_index(table, index, dialect) for index in table.indexes)
        else:
            statements.extend(_table_difference(connection, table, dialect))
    return statements


def _table_difference(
    connection: apsw.Connection, table: Table[Any], dialect: Dialect
) -> list[str]:
    statements: list[str] = []
    pragma = f"PRAGMA table_info({quoted(table.name)})"
    columns = {str(row[1]) for row in connection.execute(pragma)}
    declared = {column.name: column for column in table.columns}
    if gone := columns - declared.keys():
        raise ValueError(f"table {table.name}: write by hand how {', '.join(sorted(gone))} goes")
    indexes = {
        str(row[1])
        for row in connection.execute(f"PRAGMA index_list({quoted(table.name)})")
        if row[3] == "c"
    }
    statements.extend(
        f"DROP INDEX {quoted(name)};" for name in sorted(indexes - {i.name for i in table.indexes})
    )
    for name in [name for name in declared if name not in columns]:
        if not declared[name].nullable:
            raise ValueError(
                f"table {table.name}: the new column {name} must allow None, "
                "because rows written before have no value for it"
            )
        statements.append(
            f"ALTER TABLE {quoted(table.name)} "
            f"ADD COLUMN {column_definition(declared[name], dialect)};"
        )
    statements.extend(
        create_index(table, index, dialect) for index in table.indexes if index.name not in indexes
    )
    return statements


def rewrite_first() -> list[Path]:
    """Make 0001 anew from the declarations."""
    written = []
    for dialect in DIALECTS:
        path = FOLDER / dialect / "0001_first.sql"
        path.write_text(create_all(declared_tables(), dialect), encoding="utf-8")
        written.append(path)
    return written


def write_next(name: str) -> list[Path]:
    """Write the next number; nothing when the declarations are met."""
    known = packaged("sqlite")
    connection = migrated(known)
    written = []
    for dialect in DIALECTS:
        statements = difference(connection, declared_tables(), dialect)
        if statements:
            path = FOLDER / dialect / f"{len(known) + 1:04}_{name}.sql"
            path.write_text("\n".join(statements) + "\n", encoding="utf-8")
            written.append(path)
    return written


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("name", nargs="?", help="what the change is about, as_one_word")
    parser.add_argument("--rewrite-first", action="store_true", help="make 0001 anew")
    options = parser.parse_args(arguments)
    if options.rewrite_first == bool(options.name):
        parser.error("give either a NAME or --rewrite-first")
    if options.name and not options.name.isidentifier():
        parser.error("NAME must be letters, digits and underscores")
    try:
        written = rewrite_first() if options.rewrite_first else write_next(options.name)
    except ValueError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    lines = [str(path) for path in written] or ["nothing to write: the schema is as declared"]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
