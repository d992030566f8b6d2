"""Rows for people and for programs: a table on a terminal, tabs elsewhere, JSON when asked for."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from stepwell.values import encode_text

STYLES = {
    "SUCCEEDED": "green",
    "RUNNING": "cyan",
    "OPEN": "cyan",
    "FAILED": "red",
    "TIMED_OUT": "red",
    "ABORTED": "yellow",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; `flexible` gives way when the terminal is narrow."""

    name: str
    right: bool = False
    flexible: bool = False


def print_json(value: object) -> None:
    """One JSON document."""
    click.echo(encode_text(value))


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """The rows; `empty` is said where there are none (on stderr, where it disturbs no program)."""
    _never_fail_to_print()
    if not rows:
        click.echo(empty, err=True)
    elif sys.stdout.isatty():
        _print_rich(columns, rows)
    else:
        click.echo("\t".join(column.name for column in columns))
        for row in rows:
            click.echo("\t".join(_plain(cell) for cell in row))


def _never_fail_to_print() -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _plain(cell: str) -> str:
    """A cell that is one field of one line."""
    return " ".join(cell.split())


def _print_rich(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(
            column.name,
            justify="right" if column.right else "left",
            overflow="fold" if column.flexible else "ellipsis",
            no_wrap=not column.flexible,
        )
    for row in rows:
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    Console().print(table)
