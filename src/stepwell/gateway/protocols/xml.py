"""Values as XML, as Query and rest-xml answers hold them.

Names on the wire are the trait `queryName`, else `locationName`, else the member's own. Items of
lists and maps that are not flattened have an element around them. A member that is an attribute
brings the namespace of its prefix along.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from xml.sax.saxutils import escape, quoteattr

from stepwell.models import timestamps
from stepwell.models.service_model import Ref, ServiceModel, Shape

Write: TypeAlias = Callable[[Any, str], str]
"""The XML of a value as an element of that name, whose tag may hold attributes."""


def wire_name(name: str, traits: Mapping[str, Any]) -> str:
    """The name a member has in a form or a document."""
    return str(traits.get("queryName") or traits.get("locationName") or name)


def member_name(model: ServiceModel, name: str, ref: Ref) -> str:
    """A flattened list's or map's member goes by the name of its items."""
    shape = model.shape(ref)
    own = wire_name(name, ref.traits)
    if is_flat(shape, ref):
        return wire_name(own, shape.traits if shape.item is None else shape.item.traits)
    return own


def is_flat(shape: Shape, ref: Ref) -> bool:
    """Whether a list's or map's items stand there without an element around them."""
    return "flattened" in shape.traits or "flattened" in ref.traits


def xml_writer(model: ServiceModel, ref: Ref) -> Write:
    """The writer of one use of a shape."""
    shape = model.shape(ref)
    flat = is_flat(shape, ref)
    if shape.type == "structure":
        return structure_writer(model, shape)
    if shape.type == "list":
        return _list_writer(model, shape, flat)
    if shape.type == "map":
        return _map_writer(model, shape, flat)
    convert = _TEXTS.get(shape.type, str)
    return lambda value, name: f"<{name}>{xml_text(convert(value))}</{name}>"


def structure_writer(model: ServiceModel, shape: Shape) -> Write:
    """The writer of a structure."""
    members: dict[str, tuple[str, Write]] = {}
    attributes: dict[str, str] = {}
    for name, ref in shape.members.items():
        if "xmlAttribute" in ref.traits:
            attributes[name] = wire_name(name, ref.traits)
        else:
            members[name] = (member_name(model, name, ref), _lazy_writer(model, ref))
    spaces = _declared(shape) if attributes else ""

    def write(value: Any, name: str) -> str:
        inside = [
            members[member][1](item, members[member][0])
            for member, item in value.items()
            if item is not None and member in members
        ]
        tag = name
        for member, wire in attributes.items():
            if value.get(member) is not None:
                tag += f"{spaces} {wire}={quoteattr(value[member])}"
        return f"<{tag}>{''.join(inside)}</{name}>"

    return write


def _declared(shape: Shape) -> str:
    """The namespaces that the attributes of a structure need."""
    space = shape.traits.get("xmlNamespace")
    if not isinstance(space, Mapping) or "prefix" not in space:
        return ""
    return f" xmlns:{space['prefix']}={quoteattr(str(space['uri']))}"


def _lazy_writer(model: ServiceModel, ref: Ref) -> Write:
    made: list[Write] = []

    def write(value: Any, name: str) -> str:
        if not made:
            made.append(xml_writer(model, ref))
        return made[0](value, name)

    return write


def _list_writer(model: ServiceModel, shape: Shape, flat: bool) -> Write:
    assert shape.item is not None
    inner = _lazy_writer(model, shape.item)
    item_name = wire_name("member", shape.item.traits)

    def write(value: Any, name: str) -> str:
        if flat:
            return "".join(inner(item, name) for item in value)
        inside = "".join(inner(item, item_name) for item in value)
        return f"<{name}>{inside}</{name}>"

    return write


def _map_writer(model: ServiceModel, shape: Shape, flat: bool) -> Write:
    assert shape.key is not None
    assert shape.value is not None
    inner = _lazy_writer(model, shape.value)
    key_name = wire_name("key", shape.key.traits)
    value_name = wire_name("value", shape.value.traits)

    def write(value: Any, name: str) -> str:
        entry = name if flat else "entry"
        entries = "".join(
            f"<{entry}><{key_name}>{xml_text(key)}</{key_name}>{inner(item, value_name)}</{entry}>"
            for key, item in value.items()
        )
        return entries if flat else f"<{name}>{entries}</{name}>"

    return write


_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """Escaped; carriage returns as references, or parsers would turn them into newlines.

    Characters that XML cannot hold at all become the replacement character.
    """
    return _NOT_IN_XML.sub("\ufffd", escape(text, {"\r": "&#xd;"}))


_TEXTS: dict[str, Callable[[Any], str]] = {
    "boolean": lambda value: "true" if value else "false",
    "blob": lambda value: base64.b64encode(value).decode(),
    "timestamp": timestamps.iso,
}
