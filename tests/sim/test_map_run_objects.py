"""ItemReader and ResultWriter over an object store in memory, through the whole product."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from collections.abc import Sequence
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.testing.objects import MemoryObjects
from stepwell.testing.simulation import Faults, Simulation
from tests.sim.crashing import WHERE
from tests.sim.map_runs import distributed, passes
from tests.sim.workload import MACHINES, ROLE

BUCKET = {"Bucket": "b"}


def reader(action: str = "getObject", key: str | None = "k", **config: Any) -> dict[str, Any]:
    """An ItemReader."""
    return {
        "Resource": f"arn:aws:states:::s3:{action}",
        "Parameters": BUCKET if key is None else {**BUCKET, "Key": key},
        **({"ReaderConfig": config} if config else {}),
    }


def play(
    state: dict[str, Any],
    bodies: dict[str, bytes],
    *,
    given: Any = None,
    faults: Sequence[Faults] = (),
    **machine: Any,
) -> tuple[dict[str, Any], list[dict[str, Any]], MemoryObjects]:
    """How the execution ended, its history, and the objects afterwards."""
    objects = MemoryObjects({("b", key): body for key, body in bodies.items()})
    simulation = Simulation(seed=3, faults=faults, objects=objects)
    found: list[Any] = []

    async def client(simulation: Simulation) -> None:
        state.pop("ItemsPath", None)
        definition = json.dumps({"StartAt": "M", "States": {"M": state}, **machine})
        await simulation.insist("CreateStateMachine", name="m", definition=definition, roleArn=ROLE)
        with contextlib.suppress(ServiceError):  # begun before a crash, and over already
            await simulation.insist(
                "StartExecution", stateMachineArn=f"{MACHINES}m", name="x", input=json.dumps(given)
            )
        arn = f"{MACHINES}m:x".replace("stateMachine", "execution")
        for _ in range(100):
            told = await simulation.insist("DescribeExecution", executionArn=arn)
            if told["status"] != "RUNNING":
                break
            await simulation.sleep(1_000)
        await simulation.sleep(5_000)
        history = await simulation.insist("GetExecutionHistory", executionArn=arn)
        found.extend((told, history["events"]))

    asyncio.run(simulation.run(client))
    return found[0], found[1], objects


def test_csv() -> None:
    """The items of a CSV object; the history says length 0, as recorded."""
    state = distributed(
        {"P": passes()},
        ItemReader=reader(InputType="CSV", CSVHeaderLocation="FIRST_ROW", MaxItems=2),
    )
    told, events, _ = play(state, {"k": b"Col1,Col2\nValue1,Value2\nValue3,Value4\nV5,V6\n"})
    assert told["output"] == (
        '[{"Col1":"Value1","Col2":"Value2"},{"Col1":"Value3","Col2":"Value4"}]'
    )
    assert events[2]["mapStateStartedEventDetails"] == {"length": 0}


@pytest.mark.parametrize(
    ("config", "body", "cause"),
    [
        ({"InputType": "JSON"}, b'"no"', "Attempting to map over non-iterable node."),
        (
            {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["H", "H"]},
            b"1,2\n",
            "CSV headers cannot contain duplicates.",
        ),
    ],
)
def test_reading_fails(config: dict[str, Any], body: bytes, cause: str) -> None:
    """Recorded: MapRunFailed with the reader's error, then the state and the execution."""
    told, events, _ = play(distributed({"P": passes()}, ItemReader=reader(**config)), {"k": body})
    assert [e["type"] for e in events[3:]] == [
        "MapRunStarted",
        "MapRunFailed",
        "MapStateFailed",
        "ExecutionFailed",
    ]
    assert events[4]["mapRunFailedEventDetails"]["error"] == "States.ItemReaderFailed"
    assert (told["error"], told["cause"]) == ("States.ItemReaderFailed", cause)


def test_no_such_object() -> None:
    """An object that is not there fails the run, and can be caught."""
    state = distributed({"P": passes()}, ItemReader=reader(InputType="JSON"))
    told, _, _ = play(state, {})
    assert told["error"] == "States.ItemReaderFailed"
    assert "does not exist" in told["cause"]


def test_listing() -> None:
    """Each object of a listing is an item, in the shape that was recorded."""
    state = distributed({"P": passes()}, ItemReader=reader("listObjectsV2", None))
    told, _, _ = play(state, {"file_0.txt": b"x" * 12, "file_1.txt": b""})
    listed = json.loads(told["output"])
    assert [(o["Key"], o["Size"]) for o in listed] == [("file_0.txt", 12), ("file_1.txt", 0)]
    assert set(listed[0]) == {"Etag", "LastModified", "Key", "Size", "StorageClass"}


def test_listing_from_a_key_on() -> None:
    """StartAfter leaves out the objects up to that key."""
    given = reader("listObjectsV2", None)
    given["Parameters"] = {**BUCKET, "StartAfter": "b"}
    state = distributed({"P": passes()}, ItemReader=given)
    told, _, _ = play(state, {"a": b"", "b": b"", "c": b""})
    assert [listed["Key"] for listed in json.loads(told["output"])] == ["c"]


@pytest.mark.parametrize("action", ["getObject", "listObjectsV2"])
def test_owner(action: str) -> None:
    """A bucket that another account owns is not read where the owner is said."""
    given = reader(action)
    given["Parameters"] = {**BUCKET, "ExpectedBucketOwner": "111122223333"}
    given["Parameters"] |= {"Key": "k"} if action == "getObject" else {}
    told, _, _ = play(distributed({"P": passes()}, ItemReader=given), {"k": b"[1]"})
    assert told["error"] == "States.ItemReaderFailed"
    assert told["cause"] == "Access Denied (Service: Amazon S3; Error Code: AccessDenied)"


def test_owner_of_results() -> None:
    """Nor are results written there."""
    told, _, objects = play(
        distributed(
            {"P": passes()},
            ResultWriter={
                "Resource": "arn:aws:states:::s3:putObject",
                "Parameters": {"Bucket": "out", "ExpectedBucketOwner": "111122223333"},
            },
        ),
        {},
        given=[1],
    )
    assert told["error"] == "States.ResultWriterFailed"
    assert not objects.bodies


def test_negative_max_items() -> None:
    """Recorded: a negative MaxItemsPath fails the reader."""
    state = distributed({"P": passes()}, ItemReader=reader(InputType="JSON", MaxItemsPath="$.n"))
    told, events, _ = play(state, {"k": b"[1]"}, given={"n": -1})
    assert told["error"] == "States.ItemReaderFailed"
    assert told["cause"] == "field MaxItems must be positive"
    assert events[4]["type"] == "MapRunFailed"


def test_load_and_flatten() -> None:
    """The objects of a listing are read one after another."""
    config = {"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN"}
    state = distributed({"P": passes()}, ItemReader=reader("listObjectsV2", None, **config))
    told, _, _ = play(state, {"a": b"1\n2\n", "b": gzip.compress(b"3\n")})
    assert json.loads(told["output"]) == [1, 2, 3]


def test_folders_are_not_loaded() -> None:
    """An empty object that stands for a folder holds no items."""
    config = {"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"}
    state = distributed({"P": passes()}, ItemReader=reader("listObjectsV2", None, **config))
    told, _, _ = play(state, {"f/": b"", "f/a": b"[1,2,3]"})
    assert json.loads(told["output"]) == [1, 2, 3]


def test_source_of_what_is_loaded() -> None:
    """Each item of a flattened listing says which object it stood in, across pages and crashes."""
    config = {"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN"}
    state = distributed(
        {"P": passes()},
        ItemReader=reader("listObjectsV2", None, **config),
        ItemSelector={"v.$": "$$.Map.Item.Value", "s.$": "$$.Map.Item.Source"},
    )
    sizes = {"a": 1, "b": 120, "c": 3}
    bodies = {k: b"".join(b"%d\n" % n for n in range(size)) for k, size in sizes.items()}
    told, _, _ = play(state, bodies, faults=[Faults(crash_after=6)])
    assert json.loads(told["output"]) == [
        {"v": n, "s": f"S3://b/{key}"} for key, size in sizes.items() for n in range(size)
    ]


def test_inventory() -> None:
    """An S3 inventory's files are read with the columns that its manifest names."""
    manifest = {"fileFormat": "CSV", "fileSchema": "Bucket, Key", "files": [{"key": "1.csv.gz"}]}
    state = distributed({"P": passes()}, ItemReader=reader(InputType="MANIFEST"))
    bodies = {"k": json.dumps(manifest).encode(), "1.csv.gz": gzip.compress(b'"b","one"\n')}
    told, _, _ = play(state, bodies)
    assert json.loads(told["output"]) == [{"Bucket": "b", "Key": "one"}]


def test_athena_manifest() -> None:
    """An Athena manifest names data files by their URIs."""
    config = {"InputType": "JSONL", "ManifestType": "ATHENA_DATA"}
    state = distributed({"P": passes()}, ItemReader=reader(**config))
    told, _, _ = play(state, {"k": b'"s3://b/one"\ns3://b/two\n', "one": b"1\n", "two": b"2\n"})
    assert json.loads(told["output"]) == [1, 2]


def test_source() -> None:
    """ItemSelector sees where an item came from."""
    state = distributed(
        {"P": passes()},
        ItemReader=reader(InputType="JSON"),
        ItemSelector={"it.$": "$$.Map.Item"},
    )
    told, _, _ = play(state, {"k": b"[1]"})
    item = {"Index": 0, "Value": 1, "Source": "S3://b/k"}
    assert json.loads(told["output"]) == [{"it": item}]


def test_jsonata() -> None:
    """Recorded: arguments, limits and the batch's input computed in JSONata."""
    state = distributed(
        {"P": passes()},
        QueryLanguage="JSONata",
        ItemReader={
            "Resource": "arn:aws:states:::s3:getObject",
            "Arguments": {"Bucket": "b", "Key": "{% $states.input.Key %}"},
            "ReaderConfig": {"InputType": "JSON", "MaxItems": "{% $maxItems := 2 %}"},
        },
        ItemBatcher={
            "MaxItemsPerBatch": "{% $states.input.Most %}",
            "MaxInputBytesPerBatch": "{% 150000 %}",
            "BatchInput": {"of": "{% $states.context.State.Name %}"},
        },
        ItemSelector={"v": "{% $states.context.Map.Item.Value %}", "n": "{% $states.input.Most %}"},
        ToleratedFailurePercentage="{% 50 %}",
        ToleratedFailureCount="{% 1 %}",
    )
    told, _, _ = play(state, {"k": b"[1,2,3]"}, given={"Key": "k", "Most": 2})
    assert told["status"] == "SUCCEEDED", told
    items = [{"v": 1, "n": 2}, {"v": 2, "n": 2}]
    assert json.loads(told["output"]) == [{"BatchInput": {"of": "M"}, "Items": items}]


def test_jsonata_members_of_an_object() -> None:
    """Items may be an object in a distributed Map; each member is an item."""
    state = distributed(
        {"P": passes()},
        QueryLanguage="JSONata",
        Items="{% $states.input.of %}",
        ItemSelector={
            "key": "{% $states.context.Map.Item.Key & $states.context.Map.Item.Source %}"
        },
        Output="{% $states.result[0].key %}",
    )
    told, _, _ = play(state, {}, given={"of": {"one": 1}})
    assert told["output"] == '"oneSTATE_DATA"'


WRITER = {
    "Resource": "arn:aws:states:::s3:putObject",
    "Parameters": {"Bucket": "out", "Prefix": "results"},
}


def test_results_are_exported() -> None:
    """Results go into files that a manifest names; the state's output names the manifest."""
    state = distributed({"P": passes()}, ResultWriter=WRITER)
    told, events, objects = play(state, {}, given=["a", "b"])
    output = json.loads(told["output"])
    run = events[3]["mapRunStartedEventDetails"]["mapRunArn"]
    folder = f"results/{run.rpartition(':')[2]}"
    assert output == {
        "MapRunArn": run,
        "ResultWriterDetails": {"Bucket": "out", "Key": f"{folder}/manifest.json"},
    }
    body = objects.bodies["out", f"{folder}/SUCCEEDED_0.json"]
    assert json.loads(objects.bodies["out", f"{folder}/manifest.json"]) == {
        "DestinationBucket": "out",
        "MapRunArn": run,
        "ResultFiles": {
            "FAILED": [],
            "PENDING": [],
            "SUCCEEDED": [{"Key": f"{folder}/SUCCEEDED_0.json", "Size": len(body)}],
        },
    }
    assert [(row["Input"], row["Output"], row["Status"]) for row in json.loads(body)] == [
        ('"a"', '"a"', "SUCCEEDED"),
        ('"b"', '"b"', "SUCCEEDED"),
    ]


@pytest.mark.parametrize("where", WHERE)
def test_exported_once(where: str) -> None:
    """Whatever commit a crash meets, the manifest names files that hold every result once."""
    for point in range(1, 12):
        state = distributed({"P": passes()}, ResultWriter=WRITER, MaxConcurrency=2)
        faults = [Faults(**{where: point})]
        told, _, objects = play(state, {}, given=[1, 2, 3, 4, 5], faults=faults)
        assert told["status"] == "SUCCEEDED", f"{where}={point}"
        files = files_of(objects)
        named = files["manifest.json"]["ResultFiles"]["SUCCEEDED"]
        assert [file["Key"].rpartition("/")[2] for file in named] == ["SUCCEEDED_0.json"]
        assert [row["Input"] for row in files["SUCCEEDED_0.json"]] == ["1", "2", "3", "4", "5"]


def test_failures_are_exported() -> None:
    """A run that failed leaves its failures as a file."""
    fails = {"F": {"Type": "Fail", "Error": "Odd", "Cause": "why"}}
    told, _, objects = play(distributed(fails, ResultWriter=WRITER), {}, given=["a", "b"])
    assert told["error"] == "States.ExceedToleratedFailureThreshold"
    failed = next(body for (_, key), body in objects.bodies.items() if "FAILED_0" in key)
    (row,) = json.loads(failed)
    assert (row["Error"], row["Cause"], row["Status"]) == ("Odd", "why", "FAILED")
    assert row["RedriveStatus"] == "REDRIVABLE_BY_MAP_RUN"


def files_of(objects: MemoryObjects, name: str = "") -> dict[str, Any]:
    """What was written to files whose names end so, by their names."""
    return {
        key.rpartition("/")[2]: json.loads(body)
        for (bucket, key), body in objects.bodies.items()
        if bucket == "out" and key.endswith(name)
    }


THIRD_FAILS: dict[str, Any] = {
    "C": {
        "Type": "Choice",
        "Choices": [{"Variable": "$.Items[0].n", "NumericEquals": 2, "Next": "F"}],
        "Default": "P",
    },
    "F": {"Type": "Fail"},
    "P": passes(),
}


def test_what_never_began_is_exported() -> None:
    """A run that failed leaves what it did not get to as PENDING: what children would have got."""
    state = distributed(
        THIRD_FAILS,
        MaxConcurrency=1,
        ItemBatcher={"MaxItemsPerBatch": 2},
        ItemSelector={"n.$": "$$.Map.Item.Index"},
        ResultWriter=WRITER,
    )
    told, _, objects = play(state, {}, given=["a", "b", "c", "d", "e", "f", "g"])
    assert told["error"] == "States.ExceedToleratedFailureThreshold"
    files = files_of(objects)
    assert [row["Input"] for row in files["FAILED_0.json"]] == ['{"Items":[{"n":2},{"n":3}]}']
    included = {"InputDetails": {"Included": True}, "Status": "PENDING"}
    assert files["PENDING_0.json"] == [
        {"Input": '{"Items":[{"n":4},{"n":5}]}', **included},
        {"Input": '{"Items":[{"n":6}]}', **included},
    ]
    named = files["manifest.json"]["ResultFiles"]
    assert [file["Key"].rpartition("/")[2] for file in named["PENDING"]] == ["PENDING_0.json"]


def test_many_that_never_began() -> None:
    """Pending items of a reader come from its pages, all of them, in order, once."""
    fails = {"F": {"Type": "Fail"}}
    state = distributed(
        fails,
        MaxConcurrency=1,
        ItemReader=reader(InputType="JSONL"),
        ItemBatcher={"MaxItemsPerBatch": 130},
        ResultWriter=WRITER,
    )
    body = b"".join(b"%d\n" % number for number in range(1_200))
    _, _, objects = play(state, {"k": body})
    rows = files_of(objects)["PENDING_0.json"]
    assert [n for row in rows for n in json.loads(row["Input"])["Items"]] == list(range(130, 1_200))


def test_what_can_not_be_selected_is_pending_as_it_is() -> None:
    """A run that failed because of an item's ItemSelector shows that item as it is."""
    state = distributed(
        {"P": passes()},
        MaxConcurrency=1,
        ItemSelector={"n.$": "$$.Map.Item.Value.n"},
        ResultWriter=WRITER,
    )
    told, _, objects = play(state, {}, given=[{"n": 1}, {"m": 2}])
    assert told["status"] == "FAILED"
    assert [row["Input"] for row in files_of(objects)["PENDING_0.json"]] == ['{"m":2}']


@pytest.mark.parametrize("where", WHERE)
def test_stopped(where: str) -> None:
    """A run whose parent timed out exports what it has, whatever commit a crash meets."""
    waits = {"W": {"Type": "Wait", "Seconds": 500, "End": True}}
    for point in range(1, 14):
        state = distributed(waits, MaxConcurrency=2, ResultWriter=WRITER)
        faults = [Faults(**{where: point})]
        told, _, objects = play(state, {}, given=[1, 2, 3], faults=faults, TimeoutSeconds=20)
        assert told["status"] == "TIMED_OUT"
        files = files_of(objects)
        assert [row["Status"] for row in files["FAILED_0.json"]] == ["ABORTED", "ABORTED"]
        assert [row["Input"] for row in files["PENDING_0.json"]] == ["3"], f"{where}={point}"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"Transformation": "COMPACT"}, [[1, 2], [3]]),
        ({"Transformation": "FLATTEN"}, [1, 2, 3]),
        ({"Transformation": "COMPACT", "OutputType": "JSONL"}, "[1,2]\n[3]"),
    ],
)
def test_results_are_shaped(config: dict[str, str], expected: Any) -> None:
    """A WriterConfig alone shapes what stays in the state's output."""
    state = distributed({"P": passes()}, ResultWriter={"WriterConfig": config})
    told, _, _ = play(state, {}, given=[[1, 2], [3]])
    assert json.loads(told["output"]) == expected


def test_results_in_full() -> None:
    """Transformation NONE shows each child with what it was given."""
    state = distributed({"P": passes()}, ResultWriter={"WriterConfig": {"Transformation": "NONE"}})
    told, _, _ = play(state, {}, given=["a"])
    (row,) = json.loads(told["output"])
    assert (row["Input"], row["Output"], row["Status"]) == ('"a"', '"a"', "SUCCEEDED")
    assert row["ExecutionArn"].rpartition(":")[2] == row["Name"]


@pytest.mark.parametrize("where", WHERE)
def test_read_once(where: str) -> None:
    """Whatever commit a crash meets, every item is run once, in order; also when the object
    changes after it was read."""
    body = b"".join(b"%d\n" % number for number in range(1_200))
    state = distributed(
        {"P": passes()},
        ItemReader=reader(InputType="JSONL"),
        ItemBatcher={"MaxItemsPerBatch": 130},
    )
    commits = 30
    for point in range(1, commits):
        told, _, _ = play(dict(state), {"k": body}, faults=[Faults(**{where: point})])
        items = [n for batch in json.loads(told["output"]) for n in batch["Items"]]
        assert items == list(range(1_200)), f"{where}={point}"
