"""Map, distributed: what the engine asks of a Map Run, and what the run's end does to the state."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.engine.commands import Command, StartMapRun, StopMapRun
from stepwell.engine.inputs import MapRunEnded, StopRequested
from stepwell.values import JsonObject, JsonValue
from tests.engine.play import Play, both, passes


def distributed(**more: Any) -> JsonObject:
    """A distributed Map state."""
    return {
        "Type": "Map",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Inner",
            "States": {"Inner": passes()},
        },
        **more,
        **({} if "Next" in more else {"End": True}),
    }


def machine(states: JsonObject) -> JsonObject:
    """A definition of these states."""
    return {"StartAt": next(iter(states)), "States": states}


class MapPlay(Play):
    """A play that remembers the Map Runs that were asked for."""

    def __init__(
        self, states: JsonObject | None = None, definition: JsonObject | None = None
    ) -> None:
        self.runs: list[StartMapRun] = []
        self.stopped: list[StopMapRun] = []
        super().__init__(states, definition=definition)

    def start(self, given: JsonValue = None, text: str | None = None) -> MapPlay:
        """Begin with an input."""
        super().start(given, text)
        return self

    def _carry(self, command: Command) -> None:
        if isinstance(command, StartMapRun):
            self.runs.append(command)
        elif isinstance(command, StopMapRun):
            self.stopped.append(command)
        else:
            super()._carry(command)

    def end(self, text: str | None, error: str | None = None, **more: Any) -> None:
        """The newest run ends."""
        run = self.runs[-1]
        self.tell(MapRunEnded(run.branch, run.event, text, error, **more))


def test_success() -> None:
    """The events and what each points back to, as recorded."""
    play = MapPlay({"M": distributed(Label="label", MaxConcurrency=3)}).start([1, 2])
    (run,) = play.runs
    assert (run.items, run.max_concurrency, run.tolerated_count) == (2, 3, None)
    assert run.arn.split(":")[5:7] == ["mapRun", "machine/label"]
    assert play.details(3) == {"mapRunArn": run.arn}
    play.end("[3,4]")
    assert play.trail == [
        "1<0 ExecutionStarted",
        "2<0 MapStateEntered",
        "3<2 MapStateStarted",
        "4<3 MapRunStarted",
        "5<4 MapRunSucceeded",
        "6<5 MapStateSucceeded",
        "7<5 MapStateExited",
        "8<7 ExecutionSucceeded",
    ]
    assert play.output() == [3, 4]


def test_younger_chain() -> None:
    """Recorded: in JSONata the exit points back to the start of the run."""
    play = MapPlay(definition={"QueryLanguage": "JSONata", **machine({"M": distributed()})})
    play.start([1, 2])
    play.end("[3,4]")
    assert play.trail[4:7] == ["5<4 MapRunSucceeded", "6<5 MapStateSucceeded", "7<4 MapStateExited"]


def test_failure() -> None:
    """A run that failed fails the state with its error, as recorded."""
    play = MapPlay({"M": distributed()}).start([1])
    play.end(None, "E", cause="C")
    assert play.trail[4:] == ["5<4 MapRunFailed", "6<5 MapStateFailed", "7<6 ExecutionFailed"]
    assert play.details() == {"error": "E", "cause": "C"}


def test_label_is_made_once() -> None:
    """Without a label one is made, the same at every start of the revision."""
    arns = [MapPlay({"M": distributed()}).start([]).runs[0].label for _ in range(2)]
    assert arns[0] == arns[1]
    assert MapPlay({"N": distributed()}).start([]).runs[0].label != arns[0]


def test_retry_is_a_new_run() -> None:
    """A retry asks for a new run of all items; the end of the old one changes nothing."""
    retry = [{"ErrorEquals": ["E"], "MaxAttempts": 1}]
    play = MapPlay({"M": distributed(Retry=retry)}).start([1, 2])
    play.end(None, "E")
    assert play.types[-1] == "MapRunFailed"
    play.fire("retry")
    first, second = play.runs
    assert first.arn != second.arn
    assert second.items == 2
    play.tell(MapRunEnded(first.branch, first.event, "[]"))
    assert play.status == "RUNNING"
    play.end(None, "E")
    assert play.trail[-3:] == ["8<7 MapRunFailed", "9<8 MapStateFailed", "10<9 ExecutionFailed"]


def test_catch() -> None:
    """A catcher goes on from the state that failed."""
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "After"}]
    play = MapPlay({"M": distributed(Catch=catch), "After": passes()}).start([1])
    play.end(None, "E", cause="C")
    assert play.output() == {"Error": "E", "Cause": "C"}
    assert play.trail[5:7] == ["6<5 MapStateFailed", "7<6 MapStateExited"]


def test_stop() -> None:
    """Who stops the execution stops the run."""
    play = MapPlay({"M": distributed()}).start([1])
    play.tell(StopRequested("E", "C"))
    assert [stop.event for stop in play.stopped] == [play.runs[0].event]
    assert play.types[-2:] == ["MapRunStarted", "ExecutionAborted"]


def test_aborted_with_its_branch() -> None:
    """A sibling that fails aborts the run and the state."""
    play = MapPlay({"P": both({"M": distributed()}, {"F": {"Type": "Fail", "Error": "E"}})})
    play.start([1])
    assert play.types[-4:] == [
        "MapRunAborted",
        "MapStateAborted",
        "ParallelStateFailed",
        "ExecutionFailed",
    ]
    assert [stop.event for stop in play.stopped] == [play.runs[0].event]


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"n": -1, "p": 0}, "ToleratedFailureCount cannot be negative."),
        ({"n": 0, "p": 100.1}, "ToleratedFailurePercentage must be between 0 and 100."),
        (
            {"n": {}, "p": 0},
            'The ToleratedFailureCountPath field refers to value "{}" which is not a valid'
            " integer: $.n",
        ),
        (
            {"n": 0, "p": "x"},
            'The ToleratedFailurePercentagePath field refers to value "x" which is not a valid'
            " float: $.p",
        ),
    ],
)
def test_bad_tolerances(given: JsonObject, cause: str) -> None:
    """Recorded: a tolerance that is none fails the execution before a run begins."""
    for name, field in (
        ("n", "ToleratedFailureCountPath"),
        ("p", "ToleratedFailurePercentagePath"),
    ):
        paths = {field: f"$.{name}"}
        play = MapPlay({"M": distributed(ItemsPath="$.i", **paths)}).start({**given, "i": [1]})
        if play.status == "FAILED":
            break
    assert play.runs == []
    assert play.types[2:] == ["MapStateStarted", "ExecutionFailed"]
    assert play.details() == {
        "error": "States.Runtime",
        "cause": "An error occurred while executing the state 'M' (entered at the event id #2). "
        + cause,
    }


@pytest.mark.parametrize(
    "batcher",
    [
        {"MaxItemsPerBatch": 0},
        {"MaxInputBytesPerBatch": 0},
        {"MaxItemsPerBatchPath": "$.n"},
        {"MaxItemsPerBatch": 5, "MaxInputBytesPerBatchPath": "$.n"},
    ],
)
def test_batches_of_nothing(batcher: JsonObject) -> None:
    """A bound that nothing fits into fails the state, however it is said."""
    play = MapPlay({"M": distributed(ItemsPath="$.i", ItemBatcher=batcher)})
    play.start({"i": [1], "n": 0})
    assert play.runs == []
    assert play.details()["error"] == "States.Runtime"
    assert str(play.details()["cause"]).endswith("PerBatch must be greater than zero.")


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        (
            {"ToleratedFailurePercentage": "{% 101 %}"},
            "ToleratedFailurePercentage must be between 0 and 100.",
        ),
        ({"ToleratedFailureCount": "{% -1 %}"}, "ToleratedFailureCount cannot be negative."),
        (
            {"ItemBatcher": {"MaxItemsPerBatch": "{% 0 %}"}},
            "MaxItemsPerBatch must be greater than zero.",
        ),
    ],
)
def test_computed_numbers_out_of_range(fields: JsonObject, cause: str) -> None:
    """What JSONata computes and no field can be is an error of the evaluation."""
    play = MapPlay({"M": distributed(QueryLanguage="JSONata", **fields)}).start([1])
    assert play.details()["error"] == "States.QueryEvaluationError"
    assert str(play.details()["cause"]).endswith(cause)


READER = "arn:aws:states:::s3:getObject"
WRITER = "arn:aws:states:::s3:putObject"


@pytest.mark.parametrize(
    "fields",
    [
        {"ItemReader": {"Resource": READER, "Parameters": {"Bucket.$": "$.b", "Key": "k"}}},
        {"ResultWriter": {"Resource": WRITER, "Parameters": {"Bucket.$": "$.b"}}},
        {"ItemReader": {"Resource": READER, "ReaderConfig": {"MaxItemsPath": "$.b"}}},
    ],
)
def test_nothing_is_run_whose_results_have_no_place(fields: JsonObject) -> None:
    """What the reader and the writer are called with is looked at before a run begins."""
    play = MapPlay({"M": distributed(ItemsPath="$.i", **fields)}).start({"i": [1]})
    assert play.runs == []
    assert play.types[2:] == ["MapStateStarted", "ExecutionFailed"]
    assert play.details()["error"] == "States.Runtime"
    cause = str(play.details()["cause"])
    assert cause.startswith("An error occurred while executing the state 'M' (entered at the event")
    assert "$.b" in cause


@pytest.mark.parametrize(("name", "resource"), [("ItemReader", READER), ("ResultWriter", WRITER)])
def test_what_jsonata_can_not_compute_for_a_run(name: str, resource: str) -> None:
    """It stands in the history for itself, with its location."""
    called = {"Resource": resource, "Arguments": {"Bucket": "{% $states.input.b %}"}}
    play = MapPlay({"M": distributed(QueryLanguage="JSONata", **{name: called})}).start([1])
    assert play.runs == []
    assert play.types[2:4] == ["MapStateStarted", "EvaluationFailed"]
    assert play.details(3)["location"] == f"{name}/Arguments/Bucket"


def test_too_large() -> None:
    """A result that is too large fails the state although the run succeeded."""
    play = MapPlay({"M": distributed()}).start([1])
    play.end(None, too_large=True)
    assert play.types[-3:] == ["MapRunSucceeded", "MapStateFailed", "ExecutionFailed"]
    assert play.details()["error"] == "States.DataLimitExceeded"
