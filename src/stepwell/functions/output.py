"""A process's output into lines: bounded, in order, with the tail of the invocation in hand.

Within a line a carriage return stands for a line break: an entry of several lines stays one event,
as it does on AWS.
"""

from __future__ import annotations

from collections.abc import Callable

from stepwell.functions.ports import LINE_BYTES_MAX, OUTPUT_BYTES_MAX, TAIL_BYTES

Sink = Callable[[list[str]], None]


class Output:
    """Takes bytes as they come, hands on whole lines."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._rest = b""
        self._tail = bytearray()
        self._room_bytes = OUTPUT_BYTES_MAX

    def feed(self, data: bytes) -> None:
        """Some bytes of the process."""
        if self._room_bytes <= 0:
            return
        self._room_bytes -= len(data)
        self._feed(data)
        if self._room_bytes <= 0:
            self.add([f"stepwell: more than {OUTPUT_BYTES_MAX} bytes; the rest is not kept"])

    def _feed(self, data: bytes) -> None:
        *whole, self._rest = (self._rest + data).split(b"\n")
        lines = [line for text in whole for line in _cut(text)]
        while len(self._rest) > LINE_BYTES_MAX:
            lines.append(_text(self._rest[:LINE_BYTES_MAX]))
            self._rest = self._rest[LINE_BYTES_MAX:]
        self.add(lines)

    def flush(self) -> None:
        """What is left is a line too."""
        if self._rest:
            self._feed(b"\n")

    def add(self, lines: list[str]) -> None:
        """Lines of the platform, or of the process."""
        if not lines:
            return
        self._sink(lines)
        for line in lines[-TAIL_BYTES:]:
            self._tail += line.encode("utf-8", "replace") + b"\n"
        if len(self._tail) > TAIL_BYTES:
            del self._tail[:-TAIL_BYTES]

    def begin(self) -> None:
        """An invocation begins: its tail does."""
        self._tail.clear()
        self._room_bytes = OUTPUT_BYTES_MAX

    def tail(self) -> bytes:
        """The last 4 KB since it began."""
        return bytes(self._tail)


def _cut(line: bytes) -> list[str]:
    size = LINE_BYTES_MAX
    return [_text(line[at : at + size]) for at in range(0, max(1, len(line)), size)]


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").replace(b"\r", b"\n").decode("utf-8", "replace")


_FRAME_HEAD_BYTES = 16
_FRAME_BYTES_MAX = 1024 * 1024


class FrameReader:
    """The frames in which AWS's clients write a log: type, length, time, and an entry.

    Each entry becomes a line of the process's output. What is no frame ends the reading.
    """

    def __init__(self, output: Callable[[bytes], None]) -> None:
        self._output = output
        self._rest = b""
        self._broken = False

    def feed(self, data: bytes) -> None:
        """Some bytes of the pipe."""
        if self._broken:
            return
        self._rest += data
        while len(self._rest) >= _FRAME_HEAD_BYTES:
            size = int.from_bytes(self._rest[4:8], "big")
            if self._rest[:2] != b"\xa5\x5a" or size > _FRAME_BYTES_MAX:
                self._broken, self._rest = True, b""
                return
            end = _FRAME_HEAD_BYTES + size
            if len(self._rest) < end:
                return
            entry, self._rest = self._rest[_FRAME_HEAD_BYTES:end], self._rest[end:]
            self._output(entry.removesuffix(b"\n").replace(b"\n", b"\r") + b"\n")
