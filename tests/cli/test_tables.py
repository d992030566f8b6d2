"""Tables: for a terminal, for a pipe, and with nothing in them."""

from __future__ import annotations

import sys

import click
import pytest

from stepwell.cli.tables import Column, print_table

COLUMNS = (Column("NAME"), Column("STATUS"), Column("WHAT", flexible=True))
ROWS = [("one", "RUNNING", "a\tb\nc"), ("two", "FAILED", "x" * 200)]


def test_a_pipe_gets_one_line_per_row(capsys: pytest.CaptureFixture[str]) -> None:
    """Fields are separated by tabs, and none of them holds a tab or a line break."""
    print_table(COLUMNS, ROWS, empty="none")
    lines = capsys.readouterr().out.splitlines()
    assert [line.count("\t") for line in lines] == [2, 2, 2]
    assert lines[1] == "one\tRUNNING\ta b c"


def test_a_terminal_gets_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long text is folded, never cut, and names stay whole."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(COLUMNS, ROWS, empty="none")
    said = capsys.readouterr().out
    assert "\x1b[" in said
    lines = click.unstyle(said).splitlines()
    assert sum(line.count("x") for line in lines) == 200
    assert max(map(len, lines)) <= 60
    assert any(line.split()[:2] == ["one", "RUNNING"] for line in lines)


def test_nothing_is_said_beside_the_data(capsys: pytest.CaptureFixture[str]) -> None:
    """An empty table leaves stdout empty."""
    print_table(COLUMNS, [], empty="There is none.")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "There is none.\n")
