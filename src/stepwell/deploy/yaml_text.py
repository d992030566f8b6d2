"""YAML to the JSON value that a template's text stands for, short forms of functions written out.

Built from the parser's events, without recursion and without constructing anything from tags:

- Plain scalars mean what they mean in YAML 1.1, but for dates, times of day (`12:30`) and numbers
  with leading zeros (account ids), which stay text.
- The last of several members of one name counts.
- Aliases and merge keys are taken; what they repeat is bounded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from stepwell.deploy.refusals import format_error
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue

NODES_MAX = 500_000
"""Values in one template, those that aliases repeat counted each time."""
DEPTH_MAX = 100
"""Lists and objects inside each other."""

_FUNCTIONS = (
    *("And", "Base64", "Cidr", "Contains", "EachMemberEquals", "EachMemberIn", "Equals"),
    *("FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join", "Length", "Not", "Or"),
    *("RefAll", "Select", "Split", "Sub", "ToJsonString", "Transform", "ValueOf", "ValueOfAll"),
)
SHORT_FORMS = {
    "!Ref": "Ref",
    "!Condition": "Condition",
    **{f"!{name}": f"Fn::{name}" for name in _FUNCTIONS},
}
"""The tags of CloudFormation, with the functions that they stand for."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER = yaml.resolver.Resolver()
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_YAML = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({"!", f"{_YAML}str", f"{_YAML}timestamp"})
_INTEGER_LIMIT = 2**63


def read_yaml(text: str) -> JsonValue:
    """The value of the only document; None when there is none. Raises ServiceError."""
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise _not_well_formed(error.problem_mark or error.context_mark) from error
    except yaml.YAMLError as error:
        raise _not_well_formed(None) from error
    return builder.root


@dataclass(frozen=True, slots=True)
class _Built:
    """A value with what it costs where it is repeated."""

    value: JsonValue
    nodes: int = 1
    height: int = 0


@dataclass(slots=True)
class _Open:
    """A list or an object whose end was not read yet."""

    value: JsonObject | list[JsonValue]
    tag: str | None
    anchor: str | None
    begun_at: int
    key: str | None = None
    merged: list[JsonValue] = field(default_factory=list)
    height: int = 0


@dataclass(slots=True)
class _Builder:
    """What has been read so far."""

    root: JsonValue = None
    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, _Built] = field(default_factory=dict)
    nodes: int = 0
    documents: int = 0

    def take(self, event: yaml.Event) -> None:
        """Go on with the next event."""
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise _not_well_formed(event.start_mark)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin(event, {} if isinstance(event, yaml.MappingStartEvent) else [])
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end(event)
            case yaml.ScalarEvent() if self._awaits_key:
                self.open[-1].key = event.value
                # A quoted `<<` is a name like any other.
                if event.value == "<<" and not event.implicit[0]:
                    raise _not_well_formed(event.start_mark)
            case yaml.ScalarEvent():
                self._add(_Built(_scalar(event)), event.anchor, event)
            case yaml.AliasEvent():
                known = self.anchors.get(event.anchor)
                if known is None or self._awaits_key:
                    raise _not_well_formed(event.start_mark)
                self._add(known, None, event)

    @property
    def _awaits_key(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1].value, dict) and not self._has_key

    @property
    def _has_key(self) -> bool:
        return self.open[-1].key is not None

    def _begin(self, event: yaml.Event, empty: JsonObject | list[JsonValue]) -> None:
        if self._awaits_key or len(self.open) >= DEPTH_MAX:
            raise _not_well_formed(event.start_mark)
        self.open.append(_Open(empty, event.tag, event.anchor, self.nodes))

    def _end(self, event: yaml.Event) -> None:
        closed = self.open.pop()
        value: JsonValue = closed.value
        if isinstance(value, dict) and closed.merged:
            value = {**_merged(closed.merged, event), **value}
        height = closed.height + 1
        if closed.tag is not None and not closed.tag.startswith(_YAML) and closed.tag != "!":
            value = {_function(closed.tag, event): value}
            height += 1
        built = _Built(value, self.nodes - closed.begun_at + 1, height)
        self.nodes = closed.begun_at
        self._add(built, closed.anchor, event)

    def _add(self, built: _Built, anchor: str | None, event: yaml.Event) -> None:
        self.nodes += built.nodes
        if self.nodes > NODES_MAX or len(self.open) + built.height > DEPTH_MAX:
            raise _not_well_formed(event.start_mark)
        if anchor is not None:
            self.anchors[anchor] = built
        if not self.open:
            self.root = built.value
            return
        around = self.open[-1]
        around.height = max(around.height, built.height)
        if isinstance(around.value, list):
            around.value.append(built.value)
            return
        name, around.key = around.key or "", None
        if name == "<<":
            around.merged.append(built.value)
        else:
            around.value[name] = built.value


def _merged(values: list[JsonValue], event: yaml.Event) -> JsonObject:
    """What merge keys bring: of several objects the first that has a member counts."""
    members: JsonObject = {}
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    for value in flat:
        if not isinstance(value, dict):
            raise _not_well_formed(event.start_mark)
        members = {**value, **members}
    return members


def _function(tag: str, event: yaml.Event) -> str:
    known = SHORT_FORMS.get(tag)
    if known is None:
        raise _not_well_formed(event.start_mark)
    return known


def _scalar(event: yaml.ScalarEvent) -> JsonValue:
    tag = event.tag
    text: str = event.value
    if tag is None:
        plain = event.implicit[0]
        return _plain(text) if plain else text
    if tag in _TEXT_TAGS:
        return text
    if tag.startswith(_YAML):
        return next(_typed(tag, text), text)
    name = _function(tag, event)
    if name != "Fn::GetAtt":
        return {name: text}
    logical_id, _, attribute = text.partition(".")
    return {name: [logical_id, attribute] if attribute else [logical_id]}


def _plain(text: str) -> JsonValue:
    """What a scalar without quotes stands for."""
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
    return next(_typed(tag, text), text)


def _typed(tag: str, text: str) -> Iterator[JsonValue]:
    """The value of a scalar that is no text; nothing when it is."""
    node = yaml.ScalarNode(tag, text)
    try:
        if tag == f"{_YAML}null":
            yield None
        elif tag == f"{_YAML}bool":
            yield _CONSTRUCTOR.construct_yaml_bool(node)
        elif tag == f"{_YAML}int" and not _stays_text(text):
            number = _CONSTRUCTOR.construct_yaml_int(node)
            if abs(number) < _INTEGER_LIMIT:
                yield number
        elif tag == f"{_YAML}float" and ":" not in text:
            number = _CONSTRUCTOR.construct_yaml_float(node)
            if math.isfinite(number):
                yield number
    except (ValueError, KeyError, IndexError):
        return


def _stays_text(text: str) -> bool:
    """A time of day, or a number with a leading zero."""
    return ":" in text or (len(text) > 1 and text[0] == "0" and text[1] not in "xXbB")


def _not_well_formed(mark: yaml.Mark | None) -> ServiceError:
    place = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
    return format_error(f"YAML not well-formed.{place}")
