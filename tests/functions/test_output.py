"""Bytes of a process into entries of a log."""

from __future__ import annotations

import pytest

from stepwell.functions.output import FrameReader, Output
from stepwell.functions.process import manner_of_death


def test_lines_are_cut_wherever_the_bytes_break() -> None:
    """Lines come out whole, whatever the pieces; a carriage return within one is a line break."""
    text = "eins\nzwei ü\rdrei\r\n\nvier".encode()
    for size in (1, 2, 3, 100):
        lines: list[str] = []
        output = Output(lines.extend)
        for at in range(0, len(text), size):
            output.feed(text[at : at + size])
        assert lines == ["eins", "zwei ü\ndrei", ""]
        output.flush()
        output.flush()
        assert lines == ["eins", "zwei ü\ndrei", "", "vier"]


def test_the_tail_is_the_end_of_the_invocation_in_hand() -> None:
    """Four kilobytes at most, and nothing from before it began."""
    output = Output(lambda lines: None)
    output.feed(b"before\n")
    output.begin()
    output.feed(b"after\n")
    assert output.tail() == b"after\n"
    output.feed(b"x" * 5000 + b"\n")
    assert output.tail() == b"x" * 4095 + b"\n"


def frame(entry: bytes) -> bytes:
    """As AWS's clients write it."""
    return b"\xa5\x5a\x00\x03" + len(entry).to_bytes(4, "big") + bytes(8) + entry


def test_frames_become_lines_wherever_the_bytes_break() -> None:
    """Each frame is one entry, its line breaks kept within it."""
    data = frame(b"one") + frame(b"two\nlines\n") + frame(b"")
    for size in (1, 7, 100):
        found: list[bytes] = []
        reader = FrameReader(found.append)
        for at in range(0, len(data), size):
            reader.feed(data[at : at + size])
        assert found == [b"one\n", b"two\rlines\n", b"\n"]


@pytest.mark.parametrize(
    "data", [b"no frame at all, just text", b"\xa5\x5a\x00\x03\xff" + bytes(11)]
)
def test_what_is_no_frame_ends_the_reading(data: bytes) -> None:
    """Text or a size beyond reason: nothing more is read from that pipe."""
    found: list[bytes] = []
    reader = FrameReader(found.append)
    reader.feed(data)
    reader.feed(frame(b"later"))
    assert found == []


@pytest.mark.parametrize(
    ("status", "words"),
    [(0, None), (7, "exit status 7"), (-9, "signal: killed"), (-64, "signal: 64")],
)
def test_how_a_process_ended_is_told_as_lambda_does(status: int, words: str | None) -> None:
    """An exit status or a signal by its name."""
    assert manner_of_death(status) == words
