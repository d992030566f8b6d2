"""Objects become items as AWS reads them; what can't be read says why."""

from __future__ import annotations

import datetime
import gzip
import io
from decimal import Decimal
from typing import Any

import pyarrow
import pyarrow.orc
import pyarrow.parquet
import pytest
import zstandard

from stepwell.runtime.item_formats import ReadingFailed, read_items
from stepwell.values import encode_text

GIVEN = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN"}
FIRST_ROW = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
ROWS = b"Value1,Value2,Value3\nValue4,Value5,Value6\n,,,\ntrue,1,'HelloWorld'\nNull,None,\n   \n"
THREE = ["H1", "H2", "H3"]


def items(body: bytes, **config: Any) -> list[Any]:
    """The items of an object."""
    return list(read_items(body, config))


def test_csv_with_given_headers() -> None:
    """Recorded: every value is text, a short row is filled, spaces stay."""
    found = items(ROWS, **GIVEN, CSVHeaders=THREE)
    assert [list(row.values()) for row in found] == [
        ["Value1", "Value2", "Value3"],
        ["Value4", "Value5", "Value6"],
        ["", "", ""],
        ["true", "1", "'HelloWorld'"],
        ["Null", "None", ""],
        ["   ", "", ""],
    ]
    assert encode_text(found[0]) == '{"H1":"Value1","H2":"Value2","H3":"Value3"}'


def test_csv_drops_what_has_no_header() -> None:
    """Recorded: fields beyond the headers are dropped."""
    found = items(ROWS, **GIVEN, CSVHeaders=["H1"])
    assert [row["H1"] for row in found] == ["Value1", "Value4", "", "true", "Null", "   "]


def test_csv_headers_of_the_first_row() -> None:
    """Recorded: an empty header is a header, and the first row is no item."""
    found = items(b"H1,\nValue4,Value5,Value6\n,,,\n", **FIRST_ROW)
    assert encode_text(found) == '[{"":"Value5","H1":"Value4"},{"":"","H1":""}]'


def test_csv_headers_that_are_none() -> None:
    """What no row can have as headers fails the reading."""
    with pytest.raises(ReadingFailed, match="must be an array"):
        items(ROWS, **GIVEN, CSVHeaders="H1")
    with pytest.raises(ReadingFailed, match="no CSVDelimiter COLON"):
        items(ROWS, **FIRST_ROW, CSVDelimiter="COLON")


def test_csv_headers_twice() -> None:
    """Recorded: duplicate headers fail, also when they are given."""
    with pytest.raises(ReadingFailed) as failed:
        items(ROWS, **GIVEN, CSVHeaders=["H1", "H1", "H3"])
    assert failed.value.error == "States.ItemReaderFailed"
    assert failed.value.cause == "CSV headers cannot contain duplicates."


@pytest.mark.parametrize(
    ("name", "mark"),
    [("COMMA", ","), ("PIPE", "|"), ("SEMICOLON", ";"), ("SPACE", " "), ("TAB", "\t")],
)
def test_csv_delimiters(name: str, mark: str) -> None:
    """Each delimiter by its name."""
    body = f"a{mark}b\n1{mark}2\n".encode()
    assert items(body, **FIRST_ROW, CSVDelimiter=name) == [{"a": "1", "b": "2"}]


def test_csv_quotes() -> None:
    """A quoted field may hold delimiters, line breaks and quotes."""
    assert items(b'a,b\r\n"x,\ny","say ""hi"""\r\n', **FIRST_ROW) == [
        {"a": "x,\ny", "b": 'say "hi"'}
    ]


BACKSLASH = chr(92)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("C:``Program Files``x.exe", "C:`Program Files`x.exe"),
        ("one`, two", "one, two"),
        ('"said `"hi`""', 'said "hi"'),
        ("`a`bc", "abc"),
        ('{""Key"":""Value""}', '{"Key":"Value"}'),
        ('"a `x""y"', 'a x"y'),
        ('un"quoted" ``', 'un"quoted" `'),
        ('"two`\nlines"', "two\nlines"),
        ('""', ""),
        ('"""" ``', '" `'),
    ],
)
def test_csv_escapes(written: str, read: str) -> None:
    """AWS's guide: a backslash escapes itself, quotes and the delimiter, and is else removed; a
    quote within a field is written twice, in quotes or not."""
    body = f"a,b\n{written},2\r\n3,4".replace("`", BACKSLASH)
    assert items(body.encode(), **FIRST_ROW) == [
        {"a": read.replace("`", BACKSLASH), "b": "2"},
        {"a": "3", "b": "4"},
    ]


def test_csv_backslash_at_the_end_of_a_line() -> None:
    """It does not join the next row to this one; rows without anything are none."""
    body = f'a,b\n1,dir{BACKSLASH}\n\n2,\n""\n'.encode()
    assert items(body, **FIRST_ROW) == [
        {"a": "1", "b": "dir"},
        {"a": "2", "b": ""},
        {"a": "", "b": ""},
    ]


def test_csv_delimiter_is_escaped_as_it_is_configured() -> None:
    """A backslash keeps the delimiter of this object, not the comma."""
    body = f"a|b\n1{BACKSLASH}|2|3{BACKSLASH},4\n".encode()
    assert items(body, **FIRST_ROW, CSVDelimiter="PIPE") == [{"a": "1|2", "b": "3,4"}]


def test_csv_field_that_is_too_long() -> None:
    """An open quote does not make one field of a whole object."""
    for start in ("a", "``".replace("`", BACKSLASH)):
        with pytest.raises(ReadingFailed, match="not CSV"):
            items(f'{start}\n"{"x" * (8 << 20)}\n'.encode() * 2, **FIRST_ROW)


def test_csv_with_a_byte_order_mark() -> None:
    """A byte order mark is no part of the first header."""
    assert items(b"\xef\xbb\xbfa\n1\n", **FIRST_ROW) == [{"a": "1"}]


def test_json_array() -> None:
    """An array's elements are the items."""
    assert items(b'[1,{"a":null}]', InputType="JSON") == [1, {"a": None}]


def test_json_pointer() -> None:
    """ItemsPointer leads to the items within the object."""
    body = b'{"a/b":[{"c":[7,8]}]}'
    assert items(body, InputType="JSON", ItemsPointer="/a~1b/0/c") == [7, 8]
    with pytest.raises(ReadingFailed, match="leads nowhere"):
        items(body, InputType="JSON", ItemsPointer="/x")


@pytest.mark.parametrize("body", [b'"text"', b"1", b"null", b'{"Hello":"world"}'])
def test_json_that_is_no_list(body: bytes) -> None:
    """Recorded: what can't be gone over fails."""
    with pytest.raises(ReadingFailed, match=r"^Attempting to map over non-iterable node\.$"):
        items(body, InputType="JSON")


def test_json_lines() -> None:
    """One item on each line; empty lines are none."""
    assert items(b'{"a":1}\n\n[2]\r\n3', InputType="JSONL") == [{"a": 1}, [2], 3]
    with pytest.raises(ReadingFailed, match="Line 2 "):
        items(b"1\n{", InputType="JSONL")


@pytest.mark.parametrize("character", ["\u2028", "\u0085", "\x7f", "\u2029"])
def test_json_lines_end_at_line_feeds_alone(character: str) -> None:
    """Other characters that Unicode breaks lines at may stand in a text as they are."""
    assert items(f'"a{character}b"\n1'.encode(), InputType="JSONL") == [f"a{character}b", 1]


def test_gzip() -> None:
    """A gzipped object is read as what is in it; a broken one says so."""
    packed = gzip.compress(b"a\n1\n")
    assert items(packed, **FIRST_ROW) == [{"a": "1"}]
    with pytest.raises(ReadingFailed, match="GZIP"):
        items(packed[:-6], **FIRST_ROW)


@pytest.mark.parametrize("kind", ["JSON", "JSONL", "CSV"])
def test_bytes_that_are_no_text(kind: str) -> None:
    """Bytes that are not UTF-8 fail the reading and nothing else."""
    with pytest.raises(ReadingFailed):
        items(b"\xff\xfe\x00[", InputType=kind, CSVHeaderLocation="FIRST_ROW")


ROWS_OF_ALL_KINDS: list[dict[str, Any]] = [
    {
        "id": 2**53 + 1,
        "ratio": 0.5,
        "price": Decimal("12.50"),
        "day": datetime.date(2026, 11, 21),
        "at": datetime.datetime(2026, 11, 21, 6, 30, tzinfo=datetime.UTC),
        "raw": b"\xff\x00",
        "text": b"text",
        "tags": ["a", None],
        "inner": {"n": 1},
    },
    {"id": None, "ratio": float("nan"), "price": Decimal(7)},
]
"""Rows of a table; what a row lacks is null."""

SHOWN = {
    "id": 2**53 + 1,
    "ratio": 0.5,
    "price": 12.5,
    "day": "2026-11-21",
    "at": "2026-11-21T06:30:00Z",
    "raw": "/wA=",
    "text": "text",
    "tags": ["a", None],
    "inner": {"n": 1},
}


def columnar(write: Any, rows: list[dict[str, Any]]) -> bytes:
    """A file of those rows."""
    buffer = io.BytesIO()
    write(pyarrow.Table.from_pylist(rows), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "write"),
    [("PARQUET", pyarrow.parquet.write_table), ("ORC", pyarrow.orc.write_table)],
)
def test_rows_of_columnar_files(kind: str, write: Any) -> None:
    """Every kind of cell is what its JSON would be; numbers stay exact, what is none is null."""
    found = items(columnar(write, ROWS_OF_ALL_KINDS), InputType=kind)
    assert found[0] == SHOWN
    assert found[1] == dict.fromkeys(SHOWN) | {"price": 7}
    assert encode_text(found[0]["id"]) == "9007199254740993"


def test_many_rows_keep_their_order() -> None:
    """More rows than are read at a time come out once each, in order."""
    rows = [{"n": number} for number in range(2_500)]
    body = columnar(pyarrow.parquet.write_table, rows)
    assert items(body, InputType="PARQUET") == rows


@pytest.mark.parametrize("kind", ["PARQUET", "ORC"])
@pytest.mark.parametrize("cut", [0, 100])
def test_damaged_columnar_files(kind: str, cut: int) -> None:
    """What is no such file fails the run with a sentence."""
    write = pyarrow.parquet.write_table if kind == "PARQUET" else pyarrow.orc.write_table
    body = columnar(write, [{"n": number} for number in range(100)])[:cut] or b"n,m"
    with pytest.raises(ReadingFailed, match="The object is not"):
        items(body, InputType=kind)


def test_zstd() -> None:
    """Compressed objects are read as what they hold, several frames as one."""
    pack = zstandard.ZstdCompressor(write_checksum=True).compress
    assert items(pack(b"[1,") + pack(b"2]")) == [1, 2]
    many = [{"n": number} for number in range(20_000)]
    assert items(pack(encode_text(many).encode())) == many
    lines = pack(b'{"n":1}\n{"n":2}\n')
    for damaged in (lines[:-3], lines[:-3] + b"xxx", lines + b"xxx"):
        with pytest.raises(ReadingFailed, match="not valid ZSTD"):
            items(damaged, InputType="JSONL")
