"""Values from XML bodies, by the model; names are read without their namespace.

Document types are refused: nothing of AWS's needs them, and entities can be made to grow. Unknown
elements are ignored.
"""

from __future__ import annotations

import base64
import binascii
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element

from stepwell.errors import ServiceError
from stepwell.gateway.protocols.xml import is_flat, member_name, wire_name
from stepwell.models import timestamps
from stepwell.models.compounds import Compounds
from stepwell.models.service_model import Ref, ServiceModel, Shape

Parse: TypeAlias = Callable[[Element], Any]

MALFORMED = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)


def document_parser(model: ServiceModel, shape: Shape) -> Callable[[bytes], Any]:
    """Reads a structure from a document's bytes. Raises ServiceError MalformedXML."""
    parse = _Parsers(model).compound(shape)

    def read(body: bytes) -> Any:
        if b"<!" in body and b"<!DOCTYPE" in body:
            raise ServiceError("MalformedXML", MALFORMED)
        try:
            root = ElementTree.fromstring(body)
        except (ElementTree.ParseError, ValueError, LookupError) as error:
            raise ServiceError("MalformedXML", MALFORMED) from error
        return parse(root)

    return read


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


class _Parsers(Compounds[Parse]):
    """Compiles parsers of one model."""

    def parse(self, ref: Ref) -> Parse:
        """The parser of one use of a shape."""
        shape = self.model.shape(ref)
        if shape.type in ("structure", "list", "map"):
            return self.compound(shape)
        convert = _SCALARS.get(shape.type, str)

        def parse(element: Element) -> Any:
            try:
                return convert(element.text or "")
            except (ValueError, binascii.Error, OverflowError) as error:
                raise ServiceError("MalformedXML", MALFORMED) from error

        return parse

    def _structure(self, shape: Shape) -> Parse:
        members: dict[str, tuple[str, Parse]] = {}
        flat: dict[str, tuple[str, Shape]] = {}
        attributes: dict[str, str] = {}
        for name, ref in shape.members.items():
            target = self.model.shape(ref)
            if "xmlAttribute" in ref.traits:
                attributes[wire_name(name, ref.traits).rpartition(":")[2]] = name
            elif target.type in ("list", "map") and is_flat(target, ref):
                flat[member_name(self.model, name, ref)] = (name, target)
            else:
                members[wire_name(name, ref.traits)] = (name, self.parse(ref))
        repeated = {wire: (name, self._repeated(target)) for wire, (name, target) in flat.items()}

        def parse(element: Element) -> Any:
            result: dict[str, Any] = {}
            groups: dict[str, list[Element]] = {}
            for child in element:
                tag = _local(child.tag)
                if tag in members:
                    name, inner = members[tag]
                    result[name] = inner(child)
                elif tag in repeated:
                    groups.setdefault(tag, []).append(child)
            for tag, children in groups.items():
                name, several = repeated[tag]
                result[name] = several(children)
            for key, text in element.attrib.items():
                if _local(key) in attributes:
                    result[attributes[_local(key)]] = text
            return result

        return parse

    def _repeated(self, shape: Shape) -> Callable[[list[Element]], Any]:
        if shape.type == "list":
            assert shape.item is not None
            inner = self.parse(shape.item)
            return lambda children: [inner(child) for child in children]
        entry = self._entry(shape)
        return lambda children: dict(entry(child) for child in children)

    def _list(self, shape: Shape) -> Parse:
        several = self._repeated(shape)
        return lambda element: several(list(element))

    def _map(self, shape: Shape) -> Parse:
        several = self._repeated(shape)
        return lambda element: several(list(element))

    def _entry(self, shape: Shape) -> Callable[[Element], tuple[str, Any]]:
        assert shape.key is not None
        assert shape.value is not None
        key_name, value_name = (
            wire_name("key", shape.key.traits),
            wire_name("value", shape.value.traits),
        )
        inner = self.parse(shape.value)

        def parse(element: Element) -> tuple[str, Any]:
            parts = {_local(child.tag): child for child in element}
            if key_name not in parts or value_name not in parts:
                raise ServiceError("MalformedXML", MALFORMED)
            return parts[key_name].text or "", inner(parts[value_name])

        return parse


def _boolean(text: str) -> bool:
    small = text.strip().lower()
    if small not in ("true", "false"):
        raise ValueError(text)
    return small == "true"


_SCALARS: dict[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "blob": lambda text: base64.b64decode(text, validate=True),
    "timestamp": timestamps.parse,
}
