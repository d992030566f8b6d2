"""The bounds the engine keeps, in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from stepwell.engine.buckets import Rate, RegionalRate


class MapRunRates(NamedTuple):
    """How many Map Runs begin, and how many children each of them begins."""

    runs: Rate
    express_children: Rate
    standard_children: Rate


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one execution.

    `expressions_beside`: an expression that takes its time is evaluated beside the turn, which ends
    without it. Otherwise the turn waits.
    `payload_bytes_max`: UTF-8 bytes of any input, output, result or parameters.
    `transitions_per_turn_max`: how many states one turn may enter before others get theirs.
    `history_events_max`: events in a history, None for no bound.
    `history_events_noted`: a running execution with so many events is spoken of, whatever ends it.
    `execution_seconds_max`: the longest life of an execution, None for no bound.
    `executions_kept_days`: how long an execution is kept after its end, None for ever.
    `executions_open_max`: how many may be open in an account's region, None for any number.
    `map_runs_open_max`: how many Map Runs go on there at a time; further ones wait for their turn.
    `map_run_redrives_max`: how often one may be redriven.
    `map_run_rates`: how quickly they and their children begin, None for as quickly as they can.
    `http_task_rate`: how many HTTP tasks an account calls in a region, None for any number.
    `transition_rate`: how many states all its standard executions enter there, None for any number.
    """

    expressions_beside: bool = False
    payload_bytes_max: int = 262_144
    transitions_per_turn_max: int = 500
    history_events_max: int | None = None
    history_events_noted: int = 20_000
    execution_seconds_max: int | None = None
    executions_kept_days: int | None = None
    executions_open_max: int | None = None
    map_runs_open_max: int | None = None
    map_run_redrives_max: int | None = None
    map_run_rates: MapRunRates | None = None
    http_task_rate: Rate | None = None
    transition_rate: RegionalRate | None = None

    def is_noted(self, size: int) -> bool:
        """Whether data of so many bytes is near what fails, and so is spoken of."""
        return 5 * size > 4 * self.payload_bytes_max


AWS_EVENTS_MAX = 25_000
"""A history of so many events ends its execution on AWS."""

WORK_PER_TRANSITION = 4_000
"""Values visited by paths and functions that weigh as much in a turn as one more state entered."""

QUOTAS: dict[str, Limits] = {
    "open": Limits(),
    "aws": Limits(
        history_events_max=AWS_EVENTS_MAX,
        execution_seconds_max=365 * 24 * 3_600,
        executions_kept_days=90,
        executions_open_max=1_000_000,
        map_runs_open_max=1_000,
        map_run_redrives_max=1_000,
        map_run_rates=MapRunRates(
            runs=Rate(25, 25),
            express_children=Rate(1_000, 1_000),
            standard_children=Rate(100, 100),
        ),
        http_task_rate=Rate(300, 300),
        transition_rate=RegionalRate(large=Rate(5_000, 5_000), other=Rate(800, 800)),
    ),
}
"""The quota profiles: `aws` keeps AWS's quotas, `open` only those that protect the user."""


class Pace(Protocol):
    """How fast executions may go on, together with others."""

    def charge(self, now: int) -> None:
        """A state is entered, whenever it would be its turn."""

    def turn_at(self, now: int) -> int:
        """When the next state may be entered; that turn is taken."""


@dataclass(frozen=True, slots=True)
class World:
    """What the engine has to know of what is around an execution.

    `machine_deleted`: its machine is gone, so it ends at its next transition, which a retry is too.
    `activity_exists(arn)`: whether workers can be asked at all.
    `pace`: who says when states are entered; None: at once. A branch or an iteration that begins,
    and a state that is entered again by a redrive, only count: others wait the longer for them.
    """

    machine_deleted: bool = False
    activity_exists: Callable[[str], bool] = lambda arn: True
    pace: Pace | None = None


ERROR_CHARACTERS_MAX = 256
CAUSE_CHARACTERS_MAX = 32_768

ASSIGN_BYTES_MAX = 262_144
"""UTF-8 bytes of JSON that one Assign may make; a single variable has no other bound."""
VARIABLES_BYTES_MAX = 10 * 1024 * 1024
"""The same for all variables that an execution holds."""
