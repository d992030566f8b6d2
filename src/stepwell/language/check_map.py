"""The rules of a Map state's own parts: processor, label, batcher, writer; its reader's are in
`check_item_reader`.

The states within the processor are checked as any scope is.
"""

from __future__ import annotations

import re

from stepwell.language.check_objects import (
    check_limit,
    check_parameters,
    check_resource,
    check_template,
    object_at,
)
from stepwell.language.fields import MAP_MODES_NOT_YET
from stepwell.language.findings import Findings
from stepwell.values import JsonObject, JsonValue

MODES = ("INLINE", "DISTRIBUTED")
EXECUTION_TYPES = ("STANDARD", "EXPRESS")
OUTPUT_TYPES = ("JSON", "JSONL")
TRANSFORMATIONS = ("NONE", "COMPACT", "FLATTEN")
BATCHER_FIELDS = {
    "BatchInput": "B",
    "MaxInputBytesPerBatch": "B",
    "MaxInputBytesPerBatchPath": "P",
    "MaxItemsPerBatch": "B",
    "MaxItemsPerBatchPath": "P",
}
WRITER_FIELDS = {"Arguments": "A", "Parameters": "P", "Resource": "B", "WriterConfig": "B"}
WRITTEN_WITH = ("Bucket", "ExpectedBucketOwner", "Prefix")
WRITER_CONFIG_FIELDS = dict.fromkeys(("OutputType", "Transformation"), "B")
LABEL_LENGTH_MAX = 40
ITEMS_MAX = 100_000_000
BATCH_BYTES_MAX = 262_144

_WRITER = re.compile(r"arn:aws[a-z-]*:states:::s3:putObject")
_CONFIG_FIELDS = dict.fromkeys(("Mode", "ExecutionType"), "B")
_LABEL_HINT = "a label has no blanks, brackets, wildcards and special characters"
_LABEL = re.compile(r"[^\s?*<>{}\[\]:;,\\|^~$#%&`\"\x00-\x1f\x7f-\x9f]+")


def check_processor(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """ProcessorConfig says how the iterations run."""
    processor = state[name]
    if not isinstance(processor, dict) or "ProcessorConfig" not in processor:
        return
    place = f"{pointer}/{name}/ProcessorConfig"
    config = object_at(findings, processor["ProcessorConfig"], place)
    if config is None:
        return
    findings.known_fields(config, _CONFIG_FIELDS, place, "JSONPath")
    mode = config.get("Mode", "INLINE")
    if not findings.one_of(mode, MODES, f"{place}/Mode"):
        return
    if mode == "INLINE" and "ExecutionType" in config:
        hint = 'for executions of their own write "Mode": "DISTRIBUTED"'
        where = f"{place}/ExecutionType"
        findings.error("Field 'ExecutionType' is not supported", place, hint, where)
    elif mode == "DISTRIBUTED":
        _check_distributed(findings, config, place)
    if mode in MAP_MODES_NOT_YET:
        findings.add_not_yet(f"Map states in mode {mode}", f"{place}/Mode")


def _check_distributed(findings: Findings, config: JsonObject, place: str) -> None:
    """A distributed map names the type of its executions, and is not for express machines."""
    if findings.machine_type == "EXPRESS":
        message = (
            "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state "
            "machines"
        )
        findings.error(message, f"{place}/Mode")
    if "ExecutionType" not in config:
        findings.required(["ExecutionType"], place)
    else:
        findings.one_of(config["ExecutionType"], EXECUTION_TYPES, f"{place}/ExecutionType")


def has_express_children(state: JsonObject) -> bool:
    """Whether a state is a distributed Map with children of type EXPRESS."""
    for name in ("ItemProcessor", "Iterator"):
        processor = state.get(name)
        config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
        if isinstance(config, dict) and config.get("ExecutionType") == "EXPRESS":
            return state.get("Type") == "Map" and config.get("Mode") == "DISTRIBUTED"
    return False


def check_label(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """A label is short, clean and used once."""
    label = findings.text(state, name, pointer)
    if label is None:
        return
    place = f"{pointer}/{name}"
    if len(label) > LABEL_LENGTH_MAX:
        message = (
            f"Invalid Label name: Label '{label}' exceeds the {LABEL_LENGTH_MAX}-character limit "
            "allowed by the service"
        )
        findings.coded("INVALID_LABEL_NAME", message, place)
    elif not _LABEL.fullmatch(label):
        findings.coded("INVALID_LABEL_NAME", f"Invalid Label name: {label}", place, _LABEL_HINT)
    if label in findings.labels:
        findings.coded("DUPLICATE_LABEL_NAME", f"Duplicate Label name: {label}", place)
    findings.labels.add(label)


def check_item_batcher(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """ItemBatcher says how large a batch may be, in items or bytes or both."""
    place = f"{pointer}/{name}"
    batcher = object_at(findings, state[name], place)
    if batcher is None:
        return
    findings.known_fields(batcher, BATCHER_FIELDS, place, findings.language_of(state))
    limits = ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
    if not any(limit in batcher or f"{limit}Path" in batcher for limit in limits):
        message = f"This object should have one of the following fields: [{', '.join(limits)}]"
        findings.error(message, place)
    check_limit(findings, state, batcher, "MaxItemsPerBatch", ITEMS_MAX, place)
    check_limit(findings, state, batcher, "MaxInputBytesPerBatch", BATCH_BYTES_MAX, place)
    check_template(findings, state, batcher, "BatchInput", place)


def check_result_writer(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """ResultWriter writes to S3, or only shapes the result."""
    place = f"{pointer}/{name}"
    writer = object_at(findings, state[name], place)
    if writer is not None:
        findings.known_fields(writer, WRITER_FIELDS, place, findings.language_of(state))
        if "Resource" in writer or "WriterConfig" not in writer:
            check_resource(findings, writer, _WRITER, place)
        check_parameters(findings, state, writer, WRITTEN_WITH, place)
        if "WriterConfig" in writer:
            _check_writer_config(findings, writer["WriterConfig"], f"{place}/WriterConfig")


def _check_writer_config(findings: Findings, value: JsonValue, place: str) -> None:
    """How the results are written; it must say something."""
    config = object_at(findings, value, place)
    if config is None:
        return
    findings.known_fields(config, WRITER_CONFIG_FIELDS, place, "JSONPath")
    if not config:
        findings.required(["OutputType"], place)
    if "OutputType" in config:
        findings.one_of(config["OutputType"], OUTPUT_TYPES, f"{place}/OutputType")
    if "Transformation" in config:
        findings.one_of(config["Transformation"], TRANSFORMATIONS, f"{place}/Transformation")
