"""History events: what happened, in AWS's words and shape.

An event knows its branch and carries a note: what the fold needs and AWS does not show. Notes:

    n    how many branches a Parallel state started
    run  a Map state whose iterations are executions
    from what the exit of a Map state points back to, where that is not what came before
    c    how many iterations of a Map state may run at a time
    end  this branch is done; its output is in the event
    due  when a Wait state or a retry goes on (epoch ms)
    r    the retrier that is used, of the state that branch `rb` stands in
    next the state that comes next, when the work was interrupted between two states
"""

from __future__ import annotations

from dataclasses import dataclass

from stepwell.values import JsonObject, JsonValue, decode, encode, encode_text

Details = dict[str, JsonValue]
Note = dict[str, int | str]

_SHARED_DETAILS = {"StateEntered": "stateEntered", "StateExited": "stateExited"}

_WITHOUT_DETAILS = frozenset(
    {
        "ParallelStateStarted",
        "ParallelStateSucceeded",
        "ParallelStateFailed",
        "ParallelStateAborted",
        "MapStateSucceeded",
        "MapStateFailed",
        "MapStateAborted",
        "TaskStateAborted",
        "WaitStateAborted",
        "LambdaFunctionStarted",
    }
)


def _details_key(event_type: str) -> str:
    for suffix, key in _SHARED_DETAILS.items():
        if event_type.endswith(suffix):
            return f"{key}EventDetails"
    return f"{event_type[0].lower()}{event_type[1:]}EventDetails"


class _DetailsKeys(dict[str, str]):
    def __missing__(self, event_type: str) -> str:
        key = self[event_type] = _details_key(event_type)
        return key


_details_keys = _DetailsKeys()


@dataclass(slots=True)
class HistoryEvent:
    """One event of an execution's history.

    `at` is epoch ms. `value` is the data the event carries as text (`input`, `output`), kept so
    that nobody has to parse it again; None when it was read back from the store.
    """

    id: int
    previous: int
    type: str
    at: int
    details: Details | None
    branch: int
    value: tuple[JsonValue] | None = None
    note: Note | None = None
    assigned: JsonObject | None = None
    """The variables of an exit as values; None when they were read back as text."""

    def annotate(self, note: Note) -> None:
        """Add to the note."""
        self.note = note if self.note is None else {**self.note, **note}

    def text(self, name: str) -> str:
        """A text among the details."""
        return str(self.details[name]) if self.details is not None else ""

    def body(self) -> bytes:
        """The event as GetExecutionHistory shows it."""
        shown: dict[str, object] = {
            "timestamp": self.at / 1000,
            "type": self.type,
            "id": self.id,
            "previousEventId": self.previous,
        }
        if self.details is not None:
            shown[_details_keys[self.type]] = self.details
        return encode(shown)

    def note_text(self) -> str | None:
        """The note and the branch as they are stored.

        None for an unremarkable event of the root.
        """
        if self.note is None:
            return None if self.branch == 0 else f'{{"b":{self.branch}}}'
        return encode_text({"b": self.branch, **self.note} if self.branch else self.note)


def read_event(body: bytes, note_text: str | None) -> HistoryEvent:
    """A stored event. The reverse of `body` and `note_text`."""
    shown = decode(body)
    note = decode(note_text) if note_text else {}
    if not isinstance(shown, dict) or not isinstance(note, dict):
        raise ValueError("a stored history event is not an object")
    event_type = str(shown["type"])
    details = shown.get(_details_keys[event_type])
    at = shown["timestamp"]
    branch = note.pop("b", 0)
    return HistoryEvent(
        id=int(shown["id"]),  # type: ignore[arg-type]
        previous=int(shown["previousEventId"]),  # type: ignore[arg-type]
        type=event_type,
        at=round(float(at) * 1000),  # type: ignore[arg-type]
        details=details if isinstance(details, dict) else None,
        branch=int(branch),  # type: ignore[arg-type]
        note=note or None,  # type: ignore[arg-type]
    )
