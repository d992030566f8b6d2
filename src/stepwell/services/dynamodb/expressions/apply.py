"""Carrying out an update. Every operand is worth what it was before the update."""

from __future__ import annotations

from stepwell.services.dynamodb import numbers
from stepwell.services.dynamodb.attribute_values import SETS, AttributeValue, Item, kind_of
from stepwell.services.dynamodb.errors import invalid
from stepwell.services.dynamodb.expressions.evaluate import find
from stepwell.services.dynamodb.expressions.tree import (
    At,
    Given,
    IfNotExists,
    ListAppend,
    Operand,
    Path,
    Sum,
    Update,
)


def updated(item: Item, update: Update) -> Item:
    """The item after the update. Raises ValidationException."""
    values = [(path, _worth(operand, item)) for path, operand in update.sets]
    values += [(path, _added(find(item, path), value)) for path, value in update.adds]
    gone = list(update.removes)
    for path, value in update.deletes:
        left = _without(find(item, path), value)
        if left is None:
            if find(item, path) is not None:
                gone.append(path)
        else:
            values.append((path, left))
    result = dict(item)
    for name in {str(path[0]) for path in (*(p for p, _ in values), *gone)} & item.keys():
        result[name] = _copied(item[name])
    # Positions behind a list's end are appended in their order.
    for path, value in sorted(values, key=lambda each: _position(each[0])):
        _put(result, path, value)
    for path in sorted(gone, key=_position, reverse=True):
        _take_out(result, path)
    return result


def _position(path: Path) -> int:
    return path[-1] if isinstance(path[-1], int) else -1


def _copied(value: AttributeValue) -> AttributeValue:
    if "M" in value:
        return {"M": {name: _copied(each) for name, each in value["M"].items()}}
    if "L" in value:
        return {"L": [_copied(each) for each in value["L"]]}
    return value


def _wrong_type() -> Exception:
    return invalid("An operand in the update expression has an incorrect data type")


def _worth(operand: Operand, item: Item) -> AttributeValue:
    match operand:
        case Given(value):
            return value
        case At(path):
            found = find(item, path)
            if found is None:
                raise invalid(
                    "The provided expression refers to an attribute that does not exist in the item"
                )
            return found
        case IfNotExists(path, otherwise):
            found = find(item, path)
            return found if found is not None else _worth(otherwise, item)
        case ListAppend(first, second):
            front, back = _worth(first, item), _worth(second, item)
            if "L" not in front or "L" not in back:
                raise _wrong_type()
            return {"L": [*front["L"], *back["L"]]}
        case Sum(first, second, is_difference):
            left, right = _worth(first, item), _worth(second, item)
            if "N" not in left or "N" not in right:
                raise _wrong_type()
            count = numbers.minus if is_difference else numbers.plus
            return {"N": count(left["N"], right["N"])}
    raise TypeError(f"{operand} belongs to conditions")


def _added(before: AttributeValue | None, value: AttributeValue) -> AttributeValue:
    if before is None:
        return value
    kind = kind_of(value)
    if kind not in before:
        raise _wrong_type()
    if kind == "N":
        return {"N": numbers.plus(before["N"], value["N"])}
    return {kind: list(dict.fromkeys([*before[kind], *value[kind]]))}


def _without(before: AttributeValue | None, value: AttributeValue) -> AttributeValue | None:
    """A set without some members; None when nothing is left of it."""
    if before is None:
        return None
    kind = kind_of(value)
    if kind not in before or kind not in SETS:
        raise _wrong_type()
    left = [member for member in before[kind] if member not in value[kind]]
    return {kind: left} if left else None


def _parent(item: Item, path: Path) -> AttributeValue:
    parent = find(item, path[:-1])
    if parent is None or ("L" if isinstance(path[-1], int) else "M") not in parent:
        raise invalid("The document path provided in the update expression is invalid for update")
    return parent


def _put(item: Item, path: Path, value: AttributeValue) -> None:
    last = path[-1]
    if len(path) == 1:
        item[str(last)] = value
        return
    parent = _parent(item, path)
    if isinstance(last, int):
        members = parent["L"]
        if last < len(members):
            members[last] = value
        else:
            members.append(value)
    else:
        parent["M"][last] = value


def _take_out(item: Item, path: Path) -> None:
    last = path[-1]
    if len(path) == 1:
        item.pop(str(last), None)
        return
    parent = _parent(item, path)
    if isinstance(last, int):
        if last < len(parent["L"]):
            del parent["L"][last]
    else:
        parent["M"].pop(last, None)
