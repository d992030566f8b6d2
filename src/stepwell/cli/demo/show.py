"""How the demo looks: steps while they happen, then a timeline, the token's life, what to try."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stepwell.cli.demo.story import Story
from stepwell.cli.events import event_lines
from stepwell.cli.words import elapsed, instant, shortened
from stepwell.values import JsonObject

PLAIN_WIDTH = 120
INDENT = 3
GAP = 3
"""Between two columns."""
DATA_WIDTH_MIN = 18


class ConsoleStage:
    """The steps, numbered, on a terminal or in a log."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._steps = 0

    def step(self, title: str, *lines: str) -> None:
        """One thing happened; `lines` say more."""
        self._steps += 1
        self._console.print(Text(f"{self._steps}. {title}", style="bold cyan"))
        for line in lines:
            self._say(line)

    def waits(self, explanation: JsonObject) -> None:
        """What the server says an execution waits for."""
        entries = explanation.get("waitsFor")
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict):
                self._say(f"stepwell explain: {entry['explanation']}")

    def _say(self, line: str) -> None:
        for part in Text(line).wrap(self._console, max(self._console.width - INDENT, 20)):
            self._console.print(Text(" " * INDENT) + part)


def show_story(console: Console, story: Story) -> None:
    """What happened, when it is over."""
    console.print()
    console.print(_timeline(story, console.width))
    console.print()
    console.print(_token_life(story))
    console.print()
    outage = story.back_at - story.killed_at
    waited = story.events and event_lines(story.events)[-1].since
    console.print(
        Text.assemble(
            ("Nothing was lost. ", "bold green"),
            f"The server was gone for {outage:.1f} s in the middle of a task; the same token "
            f"finished the same execution, {waited:.1f} s after its start. The message was sent "
            "once, no event is missing, none is there twice.",
        )
    )


def _timeline(story: Story, width: int) -> Table:
    lines = event_lines(story.events)
    table = Table(
        title=f"History of {story.name}",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    columns = [
        ("id", [str(line.id) for line in lines]),
        ("elapsed", [elapsed(line.since) for line in lines]),
        ("event", [line.type for line in lines]),
        ("state", [line.state for line in lines]),
    ]
    taken = 0
    for name, texts in columns:
        # What is told in few words stays whole; the data has the room that is left.
        needed = max(map(len, [name, *texts]))
        taken += needed + GAP
        right = name in ("id", "elapsed")
        table.add_column(name, justify="right" if right else "left", min_width=needed, no_wrap=True)
    room = max(width - taken - GAP, DATA_WIDTH_MIN)
    table.add_column("what", max_width=room, no_wrap=True)
    began = lines[0].at
    killed = False
    for line in lines:
        if line.at > story.killed_at and not killed:
            killed = True
            table.add_section()
            _mark(table, story.killed_at - began, "kill -9", "the server is gone", "bold red")
            back = f"ready in {story.restart_seconds:.1f} s"
            _mark(table, story.back_at - began, "started again", back, "bold green")
            table.add_section()
        style = "green" if line.type.endswith("Succeeded") else ""
        table.add_row(
            str(line.id),
            elapsed(line.since),
            Text(line.type, style=style),
            line.state,
            shortened(line.what, room),
        )
    return table


def _mark(table: Table, since: float, event: str, what: str, style: str) -> None:
    table.add_row("", elapsed(since), Text(event, style=style), "", Text(what, style=style))


def _token_life(story: Story) -> Table:
    table = Table(
        title="Life of the task token", title_justify="left", title_style="bold", box=SIMPLE_HEAD
    )
    table.add_column("when", justify="right", no_wrap=True)
    table.add_column("what")
    token = story.tokens[0]
    opened, closed = instant(token.get("openedAt")), instant(token.get("closedAt"))
    began = event_lines(story.events)[0].at
    if opened is not None:
        since = elapsed(opened.timestamp() - began)
        table.add_row(since, f"opened for the state {token['state']}, on disk before the message")
    table.add_row(elapsed(story.killed_at - began), "outlived kill -9")
    if closed is not None:
        by = f"closed ({token['reason']}) by request {token.get('closedByRequest')}"
        table.add_row(elapsed(closed.timestamp() - began), by)
    if story.refusal is not None:
        table.add_row("later", f"a second answer was refused with {story.refusal.code}")
    return table


def show_next(console: Console, story: Story, program: str, data: str) -> None:
    """What to try next."""
    console.print()
    console.print(Text("Try next", style="bold cyan"))
    commands = (
        ("the same data again: everything above is still there", f"start --data {data}"),
        ("in another terminal, while it runs", "executions"),
        ("the table above", f"history {story.name}"),
        ("how it ended; or what a running one waits for", f"explain {story.name}"),
        ("every task token and what became of it", "tokens --status all"),
    )
    for why, command in commands:
        _suggest(console, why, f"{program} {command}")
    aws = "aws --endpoint-url http://127.0.0.1:4566 stepfunctions list-state-machines"
    _suggest(console, "any AWS client", aws)


def _suggest(console: Console, why: str, command: str) -> None:
    """A command that can be pasted: never broken into lines."""
    console.print(Text(f"   # {why}", style="dim"), soft_wrap=True)
    console.print(Text(f"   {command}", style="bold"), soft_wrap=True)
