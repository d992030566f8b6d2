"""From the bytes of an object to the items of a Map: JSON, JSON Lines, CSV, Parquet, ORC, the
texts among them also compressed with GZIP or ZSTD.

Pure. The sentences of ReadingFailed are AWS's where a recording has them.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

import zstandard

from stepwell.runtime.columnar_formats import NotColumnar, read_orc, read_parquet
from stepwell.runtime.csv_rows import rows_of
from stepwell.values import BadJson, JsonValue, decode

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
OBJECT_BYTES_MAX = 1 << 30
"""What one object may hold, also once it is unpacked."""
_PACKED_AT_A_TIME = 4_096
"""Bytes unpacked before it is looked how long the result is: little may stand for a lot."""

_COLUMNAR: dict[JsonValue, Callable[[bytes], Iterator[JsonValue]]] = {
    "PARQUET": read_parquet,
    "ORC": read_orc,
}
_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


class ReadingFailed(Exception):
    """The items can't be read: the run fails with this error and cause."""

    def __init__(self, cause: str, error: str = "States.ItemReaderFailed") -> None:
        super().__init__(cause)
        self.error = error
        self.cause = cause


def unpacked(body: bytes) -> bytes:
    """The object without its compression."""
    if body.startswith(_ZSTD):
        return _unpacked_zstd(body)
    if not body.startswith(_GZIP):
        return body
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
            whole = packed.read(OBJECT_BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ReadingFailed(f"The object is not valid GZIP: {error}") from error
    return _bounded(whole)


def _unpacked_zstd(body: bytes) -> bytes:
    whole = bytearray()
    frame = zstandard.ZstdDecompressor().decompressobj()
    try:
        for start in range(0, len(body), _PACKED_AT_A_TIME):
            rest = body[start : start + _PACKED_AT_A_TIME]
            while rest:
                if frame.eof:
                    frame = zstandard.ZstdDecompressor().decompressobj()
                whole += frame.decompress(rest)
                rest = frame.unused_data if frame.eof else b""
            if len(whole) > OBJECT_BYTES_MAX:
                break
    except zstandard.ZstdError as error:
        raise ReadingFailed(f"The object is not valid ZSTD: {error}") from error
    if not frame.eof and len(whole) <= OBJECT_BYTES_MAX:
        raise ReadingFailed("The object is not valid ZSTD: it ends too early")
    return _bounded(bytes(whole))


def _bounded(whole: bytes) -> bytes:
    if len(whole) > OBJECT_BYTES_MAX:
        raise ReadingFailed(f"The unpacked object is larger than {OBJECT_BYTES_MAX} bytes.")
    return whole


def read_items(body: bytes, config: Mapping[str, JsonValue]) -> Iterator[JsonValue]:
    """The items of one object, as ReaderConfig says. Raises ReadingFailed, at once or later."""
    body = unpacked(body)
    kind = config.get("InputType", "JSON")
    if kind == "CSV":
        return read_csv(body, config)
    if kind == "JSONL":
        return _read_lines(body)
    if kind == "JSON":
        return _read_json(body, config.get("ItemsPointer"))
    if kind in _COLUMNAR:
        return _read_columns(body, _COLUMNAR[kind])
    raise ReadingFailed(f"Objects of type {kind} can't be read here.")


def _read_columns(body: bytes, read: Callable[[bytes], Iterator[JsonValue]]) -> Iterator[JsonValue]:
    try:
        yield from read(body)
    except NotColumnar as error:
        raise ReadingFailed(str(error)) from error


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadingFailed(f"The object is not UTF-8: {error}") from error


def _read_json(body: bytes, pointer: JsonValue) -> Iterator[JsonValue]:
    try:
        value = decode(_text(body))
    except BadJson as error:
        raise ReadingFailed(f"The object is not JSON: {error}") from error
    if isinstance(pointer, str):
        value = _at(value, pointer)
    if not isinstance(value, list):
        raise ReadingFailed("Attempting to map over non-iterable node.")
    return iter(value)


def _at(value: JsonValue, pointer: str) -> JsonValue:
    """What a JSON pointer (RFC 6901) leads to."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            raise ReadingFailed(f"The ItemsPointer '{pointer}' leads nowhere in the object.")
    return value


def _read_lines(body: bytes) -> Iterator[JsonValue]:
    for number, line in enumerate(_text(body).split("\n"), 1):
        if line.strip():
            try:
                yield decode(line)
            except BadJson as error:
                raise ReadingFailed(f"Line {number} of the object is not JSON: {error}") from error


def _given(headers: JsonValue) -> Sequence[str]:
    if not isinstance(headers, list):
        raise ReadingFailed("CSVHeaders must be an array of texts.")
    return cast("Sequence[str]", headers)


def read_csv(body: bytes, config: Mapping[str, JsonValue]) -> Iterator[JsonValue]:
    """Rows as objects of texts: fields without a header are dropped, missing ones are empty."""
    name = str(config.get("CSVDelimiter", "COMMA"))
    if (delimiter := _DELIMITERS.get(name)) is None:
        raise ReadingFailed(f"There is no CSVDelimiter {name}.")
    filled = (row for row in rows_of(_text(body), delimiter) if row)
    try:
        if config.get("CSVHeaderLocation") == "GIVEN":
            headers = _given(config.get("CSVHeaders"))
        else:
            headers = next(filled, [])
        if len(set(headers)) < len(headers):
            raise ReadingFailed("CSV headers cannot contain duplicates.")
        # A recording shows the field without a name before the others.
        empty: dict[str, JsonValue] = dict.fromkeys(sorted(headers, key=bool), "")
        for row in filled:
            yield empty | dict(zip(headers, row, strict=False))
    except csv.Error as error:
        raise ReadingFailed(f"The object is not CSV: {error}") from error
