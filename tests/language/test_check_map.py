"""The rules of a Map state's own parts."""

from __future__ import annotations

import json

import pytest

from stepwell.values import JsonObject, JsonValue
from tests.language.definitions import BRANCH, found, machine

REQUIRED = "These fields are required: [{}]"
VALUES = "Value should be one of the following: [{}]"
ONLY_ONE = "There should only be one of the following fields: [{}]"
WRONG_LANGUAGE = (
    "The QueryLanguage is set to '{}', but field '{}' is only supported for the '{}' QueryLanguage"
)
NOT_ALLOWED = "The field 'Resource' does not match any of the allowed values"
GET_OBJECT = "arn:aws:states:::s3:getObject"
PUT_OBJECT = "arn:aws:states:::s3:putObject"


def mapping(**fields: JsonValue) -> JsonObject:
    """A Map state."""
    return {"Type": "Map", "ItemProcessor": BRANCH, "End": True, **fields}


def processing(config: JsonValue) -> JsonObject:
    """A Map state whose processor is set up so."""
    return mapping(ItemProcessor={**BRANCH, "ProcessorConfig": config})


def reading(**fields: JsonValue) -> JsonObject:
    """A Map state that reads an object so."""
    return mapping(ItemReader={"Resource": GET_OBJECT, "ReaderConfig": fields})


VALID: list[JsonObject] = [
    processing({}),
    processing({"Mode": "INLINE"}),
    processing({"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}),
    mapping(Label="my-label"),
    reading(InputType="CSV", CSVHeaderLocation="GIVEN", CSVHeaders=["a"], MaxItemsPath="$.m"),
    reading(InputType="JSON", MaxItems=0),
    reading(),
    reading(InputType="CSV", CSVHeaderLocation="FIRST_ROW", CSVDelimiter="PIPE"),
    reading(InputType="JSON", ItemsPointer=""),
    reading(InputType="JSONL", ManifestType="ATHENA_DATA"),
    mapping(
        ItemReader={
            "Resource": "arn:aws:states:::s3:listObjectsV2",
            "Parameters": {"Bucket": "b", "Prefix": "p", "StartAfter": "k"},
            "ReaderConfig": {"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"},
        }
    ),
    mapping(ItemReader={"Resource": GET_OBJECT, "Parameters": {"Bucket.$": "$.b"}}),
    mapping(ItemBatcher={"MaxItemsPerBatch": 10, "BatchInput": {"a.$": "$.a"}}),
    mapping(ItemBatcher={"MaxInputBytesPerBatchPath": "$.b"}),
    mapping(ItemBatcher={"MaxItemsPerBatch": "{% 1 %}"}, QueryLanguage="JSONata"),
    mapping(ResultWriter={"Resource": PUT_OBJECT, "Parameters": {"Bucket": "b"}}),
    mapping(ResultWriter={"WriterConfig": {"Transformation": "FLATTEN"}}),
    mapping(ItemsPath="$$.Execution.Input.items", MaxConcurrencyPath="$n"),
    mapping(ItemBatcher={"MaxItemsPerBatchPath": "$n", "MaxInputBytesPerBatchPath": "$.b"}),
    reading(InputType="MANIFEST", ManifestType="S3_INVENTORY", Transformation="LOAD_AND_FLATTEN"),
    reading(InputType="JSON", ItemsPointer="/a/b"),
]


@pytest.mark.parametrize("state", VALID, ids=lambda state: json.dumps(state)[16:90])
def test_a_valid_map_is_only_not_run_yet(state: JsonObject) -> None:
    """AWS would take it."""
    assert all("does not run" in message for message, _ in found(machine(state)))


@pytest.mark.parametrize("config", [{}, {"Mode": "INLINE"}])
def test_an_inline_map_is_fine(config: JsonObject) -> None:
    """Nothing is found, and it runs."""
    assert found(machine(processing(config))) == []


INVALID: list[tuple[JsonObject, list[tuple[str, str]]]] = [
    (
        processing(1),
        [("Expected value of type Object", "/States/X/ItemProcessor/ProcessorConfig")],
    ),
    (
        processing({"Mode": "SIDEWAYS"}),
        [
            (
                VALUES.format("INLINE, DISTRIBUTED"),
                "/States/X/ItemProcessor/ProcessorConfig/Mode",
            )
        ],
    ),
    (
        processing({"ExecutionType": "STANDARD"}),
        [
            (
                "Field 'ExecutionType' is not supported",
                "/States/X/ItemProcessor/ProcessorConfig",
            )
        ],
    ),
    (
        processing({"Mode": "DISTRIBUTED"}),
        [(REQUIRED.format("ExecutionType"), "/States/X/ItemProcessor/ProcessorConfig")],
    ),
    (
        processing({"Mode": "DISTRIBUTED", "ExecutionType": "FAST"}),
        [
            (
                VALUES.format("STANDARD, EXPRESS"),
                "/States/X/ItemProcessor/ProcessorConfig/ExecutionType",
            )
        ],
    ),
    (mapping(Label=1), [("Expected value of type String", "/States/X/Label")]),
    (mapping(Label="a b"), [("Invalid Label name: a b", "/States/X/Label")]),
    (mapping(Label=""), [("Invalid Label name: ", "/States/X/Label")]),
    (
        mapping(Label="x" * 41),
        [
            (
                f"Invalid Label name: Label '{'x' * 41}' exceeds the 40-character limit allowed by "
                "the service",
                "/States/X/Label",
            )
        ],
    ),
    (mapping(ItemReader=1), [("Expected value of type Object", "/States/X/ItemReader")]),
    (mapping(ItemReader={}), [(REQUIRED.format("Resource"), "/States/X/ItemReader")]),
    (
        mapping(ItemReader={"Resource": PUT_OBJECT}),
        [(NOT_ALLOWED, "/States/X/ItemReader/Resource")],
    ),
    (
        mapping(ItemReader={"Resource": GET_OBJECT, "ReaderConfig": []}),
        [("Expected value of type Object", "/States/X/ItemReader/ReaderConfig")],
    ),
    (
        mapping(ItemReader={"Resource": GET_OBJECT, "Parameters": {"Bucket.$": "b"}}),
        [
            (
                "The value for the field 'Bucket.$' must be a valid JSONPath or a valid intrinsic "
                "function call",
                "/States/X/ItemReader/Parameters",
            )
        ],
    ),
    (
        reading(InputType="XML"),
        [
            (
                VALUES.format("CSV, JSON, JSONL, PARQUET, MANIFEST"),
                "/States/X/ItemReader/ReaderConfig/InputType",
            )
        ],
    ),
    (
        reading(InputType="CSV"),
        [("The field 'CSVHeaderLocation' is required", "/States/X/ItemReader/ReaderConfig")],
    ),
    (
        reading(InputType="JSON", CSVHeaderLocation="FIRST_ROW"),
        [("Field 'CSVHeaderLocation' is not supported", "/States/X/ItemReader/ReaderConfig")],
    ),
    (
        reading(InputType="CSV", CSVHeaderLocation="LAST_ROW"),
        [
            (
                VALUES.format("FIRST_ROW, GIVEN"),
                "/States/X/ItemReader/ReaderConfig/CSVHeaderLocation",
            )
        ],
    ),
    (
        reading(InputType="CSV", CSVHeaderLocation="GIVEN"),
        [(REQUIRED.format("CSVHeaders"), "/States/X/ItemReader/ReaderConfig")],
    ),
    (
        reading(InputType="CSV", CSVHeaderLocation="FIRST_ROW", CSVDelimiter="COLON"),
        [
            (
                VALUES.format("COMMA, PIPE, SEMICOLON, SPACE, TAB"),
                "/States/X/ItemReader/ReaderConfig/CSVDelimiter",
            )
        ],
    ),
    (
        reading(InputType="CSV", CSVHeaderLocation="GIVEN", CSVHeaders={}),
        [("Expected value of type Array", "/States/X/ItemReader/ReaderConfig/CSVHeaders")],
    ),
    (
        reading(InputType="CSV", CSVHeaderLocation="GIVEN", CSVHeaders=["a", 1]),
        [("Expected value of type String", "/States/X/ItemReader/ReaderConfig/CSVHeaders[1]")],
    ),
    (
        reading(InputType="JSON", ItemsPointer=1),
        [("Expected value of type String", "/States/X/ItemReader/ReaderConfig/ItemsPointer")],
    ),
    (
        reading(ManifestType="OTHER", Transformation="FLATTEN"),
        [
            (
                VALUES.format("ATHENA_DATA, S3_INVENTORY"),
                "/States/X/ItemReader/ReaderConfig/ManifestType",
            ),
            (
                VALUES.format("NONE, LOAD_AND_FLATTEN"),
                "/States/X/ItemReader/ReaderConfig/Transformation",
            ),
        ],
    ),
    (
        reading(Transformation="LOAD_AND_FLATTEN"),
        [(REQUIRED.format("InputType"), "/States/X/ItemReader/ReaderConfig")],
    ),
    (
        reading(InputTyp="JSON"),
        [("Field 'InputTyp' is not supported", "/States/X/ItemReader/ReaderConfig")],
    ),
    (
        mapping(ItemReader={"Resource": GET_OBJECT, "Config": {}}),
        [("Field 'Config' is not supported", "/States/X/ItemReader")],
    ),
    (
        mapping(ItemBatcher={"MaxItemsPerBatch": 1, "Batch": 1}),
        [("Field 'Batch' is not supported", "/States/X/ItemBatcher")],
    ),
    (
        mapping(ResultWriter={"Resource": PUT_OBJECT, "Bucket": "b"}),
        [("Field 'Bucket' is not supported", "/States/X/ResultWriter")],
    ),
    (
        reading(MaxItems=1, MaxItemsPath="m"),
        [
            (ONLY_ONE.format("MaxItems, MaxItemsPath"), "/States/X/ItemReader/ReaderConfig"),
            (
                "Value must be a valid JSONPath.",
                "/States/X/ItemReader/ReaderConfig/MaxItemsPath",
            ),
        ],
    ),
    (
        reading(MaxItemsPath="$$.Execution.Input.m"),
        [("Value is not a Reference Path", "/States/X/ItemReader/ReaderConfig/MaxItemsPath")],
    ),
    (
        mapping(MaxConcurrencyPath="$$.Execution.Input.n"),
        [("Value is not a Reference Path", "/States/X/MaxConcurrencyPath")],
    ),
    (
        mapping(ItemsPath="$.orders[*].id"),
        [("Value is not a Reference Path", "/States/X/ItemsPath")],
    ),
    (
        reading(MaxItems="{% 1 %}"),
        [("Expected value of type Integer", "/States/X/ItemReader/ReaderConfig/MaxItems")],
    ),
    (
        mapping(ItemReader={"Resource": GET_OBJECT, "Prefix": "a", "Arguments": {}}),
        [
            ("Field 'Prefix' is not supported", "/States/X/ItemReader"),
            (WRONG_LANGUAGE.format("JSONPath", "Arguments", "JSONata"), "/States/X/ItemReader"),
        ],
    ),
    (
        mapping(
            QueryLanguage="JSONata",
            ItemReader={
                "Resource": GET_OBJECT,
                "Arguments": {"Bucket": "{% 1 + %}", "Key": "{% $states.result %}"},
                "ReaderConfig": {"MaxItemsPath": "$.n"},
            },
        ),
        [
            ("Unexpected end of expression", "/States/X/ItemReader/Arguments/Bucket"),
            (
                "Reference to '$states.result' is not supported.",
                "/States/X/ItemReader/Arguments/Key",
            ),
            (
                WRONG_LANGUAGE.format("JSONata", "MaxItemsPath", "JSONPath"),
                "/States/X/ItemReader/ReaderConfig",
            ),
        ],
    ),
    (
        mapping(
            QueryLanguage="JSONata",
            ItemBatcher={"MaxItemsPerBatch": "{% 1 + %}", "BatchInput": {"a": "{% b %}"}},
            ResultWriter={"Resource": PUT_OBJECT, "Arguments": "{% ( %}"},
        ),
        [
            ("Unexpected end of expression", "/States/X/ItemBatcher/MaxItemsPerBatch"),
            (
                "Reference to 'b' at the top level is not supported.",
                "/States/X/ItemBatcher/BatchInput/a",
            ),
            ("Unexpected end of expression", "/States/X/ResultWriter/Arguments"),
        ],
    ),
    (
        processing({"Mode": "INLINE", "Concurrency": 1}),
        [("Field 'Concurrency' is not supported", "/States/X/ItemProcessor/ProcessorConfig")],
    ),
    (
        mapping(ResultWriter={"WriterConfig": {"OutputType": "CSV", "Gzip": True}}),
        [
            ("Field 'Gzip' is not supported", "/States/X/ResultWriter/WriterConfig"),
            (VALUES.format("JSON, JSONL"), "/States/X/ResultWriter/WriterConfig/OutputType"),
        ],
    ),
    (
        mapping(ItemBatcher={"MaxItemsPerBatch": 1, "MaxItemsPerBatchPath": "$.n[*]"}),
        [
            (
                ONLY_ONE.format("MaxItemsPerBatch, MaxItemsPerBatchPath"),
                "/States/X/ItemBatcher",
            ),
            ("Value is not a Reference Path", "/States/X/ItemBatcher/MaxItemsPerBatchPath"),
        ],
    ),
    (mapping(ItemBatcher=1), [("Expected value of type Object", "/States/X/ItemBatcher")]),
    (
        mapping(ItemBatcher={}),
        [
            (
                "This object should have one of the following fields: "
                "[MaxItemsPerBatch, MaxInputBytesPerBatch]",
                "/States/X/ItemBatcher",
            )
        ],
    ),
    (
        mapping(ItemBatcher={"MaxInputBytesPerBatch": 262_145}),
        [("Maximum value is 262144", "/States/X/ItemBatcher/MaxInputBytesPerBatch")],
    ),
    (mapping(ResultWriter=1), [("Expected value of type Object", "/States/X/ResultWriter")]),
    (mapping(ResultWriter={}), [(REQUIRED.format("Resource"), "/States/X/ResultWriter")]),
    (
        mapping(ResultWriter={"Resource": GET_OBJECT}),
        [(NOT_ALLOWED, "/States/X/ResultWriter/Resource")],
    ),
]


@pytest.mark.parametrize(("state", "expected"), INVALID, ids=lambda value: json.dumps(value)[16:90])
def test_each_broken_rule_of_a_map_is_named(
    state: JsonObject, expected: list[tuple[str, str]]
) -> None:
    """Exactly its finding, and nothing of what is not run yet."""
    assert found(machine(state)) == expected


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        (
            {"ItemReader": {"Resource": GET_OBJECT, "Parameters": {"Range.$": "$.r"}}},
            "ItemReader/Parameters/Range.$",
        ),
        (
            {"ResultWriter": {"Resource": PUT_OBJECT, "Parameters": {"ACL": "private"}}},
            "ResultWriter/Parameters/ACL",
        ),
        (
            {
                "QueryLanguage": "JSONata",
                "ItemReader": {"Resource": GET_OBJECT, "Arguments": {"PartNumber": 1}},
            },
            "ItemReader/Arguments/PartNumber",
        ),
    ],
)
def test_parameters_of_s3_that_would_be_ignored(fields: JsonObject, place: str) -> None:
    """They are refused by name."""
    ((message, location),) = found(machine(mapping(**fields)))
    assert "does not run" in message
    assert place.rpartition("/")[2] in message
    assert location == f"/States/X/{place}"


def test_a_label_is_used_once() -> None:
    """Over the whole machine."""
    inner: JsonObject = {
        "StartAt": "Y",
        "States": {"Y": {**mapping(Label="l"), "ItemProcessor": {}}},
    }
    messages = [message for message, _ in found(machine(mapping(Label="l", ItemProcessor=inner)))]
    assert "Duplicate Label name: l" in messages


def test_an_express_machine_has_no_distributed_map() -> None:
    """Its words are AWS's."""
    state = processing({"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"})
    assert found(machine(state), "EXPRESS") == [
        (
            "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state "
            "machines",
            "/States/X/ItemProcessor/ProcessorConfig/Mode",
        )
    ]


@pytest.mark.parametrize(("kind", "refused"), [("STANDARD", False), ("EXPRESS", True)])
def test_express_children_have_no_tokens(kind: str, refused: bool) -> None:
    """What an express child runs is held to the rules of an express machine."""
    task: JsonObject = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": "http://q", "MessageBody": {"t.$": "$$.Task.Token"}},
        "End": True,
    }
    processor: JsonObject = {
        "StartAt": "T",
        "States": {"T": task},
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
    }
    places = [place for _, place in found(machine(mapping(ItemProcessor=processor)))]
    assert places == (["/States/X/ItemProcessor/States/T/Resource"] if refused else [])
