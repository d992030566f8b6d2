"""The rules of a Map state's own parts: processor, label, reader, batcher, writer.

The states within the processor are checked as any scope is.
"""

from __future__ import annotations

import re
from importlib.util import find_spec

from stepwell.language.fields import MAP_MODES_NOT_YET
from stepwell.language.findings import Findings
from stepwell.language.templates import template_findings
from stepwell.values import JsonObject, JsonValue

MODES = ("INLINE", "DISTRIBUTED")
EXECUTION_TYPES = ("STANDARD", "EXPRESS")
INPUT_TYPES = ("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST")
OUTPUT_TYPES = ("JSON", "JSONL")
TRANSFORMATIONS = ("NONE", "COMPACT", "FLATTEN")
WRITER_CONFIG_FIELDS = dict.fromkeys(("OutputType", "Transformation"), "B")
HEADER_LOCATIONS = ("FIRST_ROW", "GIVEN")
LABEL_LENGTH_MAX = 40
ITEMS_MAX = 100_000_000
BATCH_BYTES_MAX = 262_144

_READER = re.compile(r"arn:aws[a-z-]*:states:::s3:(getObject|listObjectsV2)")
_WRITER = re.compile(r"arn:aws[a-z-]*:states:::s3:putObject")
_LABEL = re.compile(r"[^\s?*<>{}\[\]:;,\\|^~$#%&`\"\x00-\x1f\x7f-\x9f]+")


def check_processor(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """ProcessorConfig says how the iterations run."""
    processor = state[name]
    if not isinstance(processor, dict) or "ProcessorConfig" not in processor:
        return
    place = f"{pointer}/{name}/ProcessorConfig"
    config = _object(findings, processor["ProcessorConfig"], place)
    if config is None:
        return
    mode = config.get("Mode", "INLINE")
    if not findings.one_of(mode, MODES, f"{place}/Mode"):
        return
    if mode == "INLINE" and "ExecutionType" in config:
        findings.error("Field 'ExecutionType' is not supported", place)
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
    if len(label) > LABEL_LENGTH_MAX or not _LABEL.fullmatch(label):
        findings.coded("INVALID_LABEL_NAME", f"Invalid label name: {label}", place)
    if label in findings.labels:
        findings.coded("DUPLICATE_LABEL_NAME", f"Duplicate label name: {label}", place)
    findings.labels.add(label)


def check_item_reader(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """ItemReader reads from S3."""
    place = f"{pointer}/{name}"
    reader = _object(findings, state[name], place)
    if reader is None:
        return
    _check_resource(findings, reader, _READER, place)
    _check_parameters(findings, state, reader, place)
    if "ReaderConfig" in reader:
        config = _object(findings, reader["ReaderConfig"], f"{place}/ReaderConfig")
        if config is not None:
            _check_reader_config(findings, config, f"{place}/ReaderConfig")


def _check_reader_config(findings: Findings, config: JsonObject, place: str) -> None:
    """How the object is to be read."""
    if "InputType" in config:
        findings.one_of(config["InputType"], INPUT_TYPES, f"{place}/InputType")
        if config["InputType"] == "PARQUET" and find_spec("pyarrow") is None:
            findings.add_not_yet(
                "items in Parquet", f"{place}/InputType", "pip install 'stepwell[parquet]'"
            )
    location = config.get("CSVHeaderLocation")
    if config.get("InputType") == "CSV" and location is None:
        findings.error("The field 'CSVHeaderLocation' is required", place)
    if config.get("InputType") == "JSON" and location is not None:
        findings.error("Field 'CSVHeaderLocation' is not supported", place)
    elif location is not None:
        findings.one_of(location, HEADER_LOCATIONS, f"{place}/CSVHeaderLocation")
    if location == "GIVEN" and "CSVHeaders" not in config:
        findings.required(["CSVHeaders"], place)
    _check_limit(findings, config, "MaxItems", ITEMS_MAX, place)


def check_item_batcher(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """ItemBatcher says how large a batch may be, in items or bytes or both."""
    place = f"{pointer}/{name}"
    batcher = _object(findings, state[name], place)
    if batcher is None:
        return
    limits = ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
    if not any(limit in batcher or f"{limit}Path" in batcher for limit in limits):
        message = f"This object should have one of the following fields: [{', '.join(limits)}]"
        findings.error(message, place)
    _check_limit(findings, batcher, "MaxItemsPerBatch", ITEMS_MAX, place)
    _check_limit(findings, batcher, "MaxInputBytesPerBatch", BATCH_BYTES_MAX, place)
    if findings.language_of(state) == "JSONPath":
        findings.extend(template_findings(batcher.get("BatchInput"), f"{place}/BatchInput"))


def check_result_writer(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """ResultWriter writes to S3, or only shapes the result."""
    place = f"{pointer}/{name}"
    writer = _object(findings, state[name], place)
    if writer is not None:
        if "Resource" in writer or "WriterConfig" not in writer:
            _check_resource(findings, writer, _WRITER, place)
        _check_parameters(findings, state, writer, place)
        if "WriterConfig" in writer:
            _check_writer_config(findings, writer["WriterConfig"], f"{place}/WriterConfig")


def _check_writer_config(findings: Findings, value: JsonValue, place: str) -> None:
    """How the results are written; it must say something."""
    config = _object(findings, value, place)
    if config is None:
        return
    findings.known_fields(config, WRITER_CONFIG_FIELDS, place, "JSONPath")
    if not config:
        findings.required(["OutputType"], place)
    if "OutputType" in config:
        findings.one_of(config["OutputType"], OUTPUT_TYPES, f"{place}/OutputType")
    if "Transformation" in config:
        findings.one_of(config["Transformation"], TRANSFORMATIONS, f"{place}/Transformation")


def _object(findings: Findings, value: JsonValue, place: str) -> JsonObject | None:
    """The value when it is an object."""
    if isinstance(value, dict):
        return value
    findings.error("Expected value of type Object", place)
    return None


def _check_resource(
    findings: Findings, value: JsonObject, allowed: re.Pattern[str], place: str
) -> None:
    """The Resource must be one of the few that can be used here."""
    if "Resource" not in value:
        findings.required(["Resource"], place)
        return
    resource = value["Resource"]
    if not isinstance(resource, str) or not allowed.fullmatch(resource):
        message = "The field 'Resource' does not match any of the allowed values"
        findings.error(message, f"{place}/Resource")


def _check_parameters(findings: Findings, state: JsonObject, value: JsonObject, place: str) -> None:
    """Parameters are a template in JSONPath."""
    if "Parameters" in value and findings.language_of(state) == "JSONPath":
        findings.extend(template_findings(value["Parameters"], f"{place}/Parameters"))


def _check_limit(findings: Findings, value: JsonObject, name: str, most: int, place: str) -> None:
    """A whole number, or a path to one, but not both; JSONata may compute it. Zero fails later."""
    path = f"{name}Path"
    if name in value and path in value:
        message = f"There should only be one of the following fields: [{name}, {path}]"
        findings.error(message, place)
    computed = value.get(name)
    if not (isinstance(computed, str) and computed.startswith("{%")):
        findings.integer(value, name, place, 0, most)
    if path in value:
        findings.path(value[path], f"{place}/{path}")
