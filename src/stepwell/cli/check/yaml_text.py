"""YAML to the JSON text it stands for, with the places of everything in the YAML.

The parser's events are written out as JSON one by one, without recursion, so that nesting and
aliases cost no more than they are long; a key that stands twice stands twice in the JSON too, where
the check finds it. Plain scalars mean what they mean in YAML 1.1, but for timestamps, which stay
text. Tags of CloudFormation (`!Sub`, `!Ref`) are passed over: their value is taken as it stands.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

import yaml

from stepwell.language.source import DIGEST_BYTES, Places
from stepwell.values import encode_text

JSON_CHARACTERS_MAX = 8_000_000
"""Aliases may repeat a lot of text; this is where it ends."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER = yaml.resolver.Resolver()
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_TAG = "tag:yaml.org,2002:"


class YamlTrouble(Exception):
    """The text is no YAML, or YAML that no JSON can say. Where, and why."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class YamlText:
    """The JSON, and where its places stand in the YAML."""

    json_text: str
    places: Places


def read_yaml(text: str) -> YamlText:
    """The first document as JSON; the empty text when there is none. Raises YamlTrouble."""
    writer = _Writer()
    writer.places.line_starts += [match.end() for match in re.finditer("\n", text)]
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            writer.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
        told = ", ".join(str(part) for part in (error.context, error.problem) if part)
        raise YamlTrouble(f"This is not YAML: {told}", line, column) from error
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise YamlTrouble(f"This is not YAML: {told}", 1, 1) from error
    return YamlText("".join(writer.parts), writer.places)


@dataclass(slots=True)
class _Open:
    """An array or object that is being written."""

    is_object: bool
    place: blake2b
    begun_at: int
    anchor: str | None
    count: int = 0
    member: blake2b | None = None
    """The place of the member whose key was read, while its value is awaited."""


@dataclass(slots=True)
class _Writer:
    """What has been written so far."""

    parts: list[str] = field(default_factory=list)
    places: Places = field(default_factory=Places)
    characters: int = 0
    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[int, int]] = field(default_factory=dict)
    documents: int = 0

    def take(self, event: yaml.Event) -> None:
        """Write what the event stands for."""
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise _trouble("There is more than one document", event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin(event, is_object=isinstance(event, yaml.MappingStartEvent))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                closed = self.open.pop()
                self._write("}" if closed.is_object else "]", event)
                self._remember(closed.anchor, closed.begun_at)
            case yaml.ScalarEvent():
                if self._awaits_key:
                    self._key(event)
                else:
                    self._place_of_value(event)
                    begun_at = len(self.parts)
                    self._write(_scalar(event), event)
                    self._remember(event.anchor, begun_at)
            case yaml.AliasEvent():
                self._alias(event)

    @property
    def _awaits_key(self) -> bool:
        return bool(self.open) and self.open[-1].is_object and self.open[-1].member is None

    def _begin(self, event: yaml.Event, *, is_object: bool) -> None:
        if self._awaits_key:
            raise _trouble("A key must be text", event)
        place = self._place_of_value(event)
        self.open.append(_Open(is_object, place, len(self.parts), event.anchor))
        self._write("{" if is_object else "[", event)

    def _key(self, event: yaml.ScalarEvent) -> None:
        around = self.open[-1]
        around.member = around.place.copy()
        around.member.update(f"/{event.value}".encode("utf-8", "surrogatepass"))
        # The last one counts, as for a key that stands twice in JSON.
        self.places.offsets[around.member.digest()] = event.start_mark.index
        comma = "," if around.count else ""
        around.count += 1
        self._write(f"{comma}{encode_text(event.value)}:", event)

    def _place_of_value(self, event: yaml.Event) -> blake2b:
        """The place of the value that begins now. A member is found at its key."""
        if not self.open:
            place = blake2b(digest_size=DIGEST_BYTES)
            self.places.mark(place, event.start_mark.index)
            return place
        around = self.open[-1]
        if around.member is not None:
            place, around.member = around.member, None
            return place
        place = around.place.copy()
        place.update(b"[%d]" % around.count)
        if around.count:
            self._write(",", event)
        around.count += 1
        self.places.mark(place, event.start_mark.index)
        return place

    def _alias(self, event: yaml.AliasEvent) -> None:
        span = self.anchors.get(event.anchor)
        if self._awaits_key or span is None:
            raise _trouble(f"The alias *{event.anchor} stands for nothing here", event)
        self._place_of_value(event)
        begun_at = len(self.parts)
        self._write("".join(self.parts[slice(*span)]), event)
        self._remember(None, begun_at)

    def _remember(self, anchor: str | None, begun_at: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = (begun_at, len(self.parts))

    def _write(self, part: str, event: yaml.Event) -> None:
        self.characters += len(part)
        if self.characters > JSON_CHARACTERS_MAX:
            raise _trouble("The aliases make this too long", event)
        self.parts.append(part)


def _scalar(event: yaml.ScalarEvent) -> str:
    """A scalar as JSON."""
    tag = event.tag
    if tag is None and event.implicit[0]:
        tag = _RESOLVER.resolve(yaml.ScalarNode, event.value, (True, False))
    return next(_typed(tag or "", event.value), encode_text(event.value))


def _typed(tag: str, text: str) -> Iterator[str]:
    """The JSON of a scalar that is no text; nothing when it is."""
    node = yaml.ScalarNode(tag, text)
    try:
        if tag == f"{_TAG}null":
            yield "null"
        elif tag == f"{_TAG}bool":
            yield encode_text(_CONSTRUCTOR.construct_yaml_bool(node))
        elif tag == f"{_TAG}int":
            yield str(_CONSTRUCTOR.construct_yaml_int(node))
        elif tag == f"{_TAG}float":
            number = _CONSTRUCTOR.construct_yaml_float(node)
            if math.isfinite(number):
                yield encode_text(number)
    except (ValueError, KeyError, IndexError):
        return


def _trouble(message: str, event: yaml.Event) -> YamlTrouble:
    mark = event.start_mark
    return YamlTrouble(message, mark.line + 1, mark.column + 1)
