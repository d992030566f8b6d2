"""The rules of an ItemReader: what it reads from S3, and how the objects become items."""

from __future__ import annotations

import re
from importlib.util import find_spec

from stepwell.language.check_objects import check_limit, check_parameters, check_resource, object_at
from stepwell.language.findings import Findings
from stepwell.values import JsonObject, JsonValue

INPUT_TYPES = ("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST")
HEADER_LOCATIONS = ("FIRST_ROW", "GIVEN")
DELIMITERS = ("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB")
MANIFEST_TYPES = ("ATHENA_DATA", "S3_INVENTORY")
TRANSFORMATIONS = ("NONE", "LOAD_AND_FLATTEN")
ITEMS_MAX = 100_000_000

READER_FIELDS = {"Arguments": "A", "Parameters": "P", "ReaderConfig": "B", "Resource": "B"}
CONFIG_FIELDS = {
    "CSVDelimiter": "B",
    "CSVHeaderLocation": "B",
    "CSVHeaders": "B",
    "InputType": "B",
    "ItemsPointer": "B",
    "ManifestType": "B",
    "MaxItems": "B",
    "MaxItemsPath": "P",
    "Transformation": "B",
}
_ONE_OF = {
    "CSVDelimiter": DELIMITERS,
    "InputType": INPUT_TYPES,
    "ManifestType": MANIFEST_TYPES,
    "Transformation": TRANSFORMATIONS,
}
READ_WITH = {
    "getObject": ("Bucket", "ExpectedBucketOwner", "Key", "VersionId"),
    "listObjectsV2": ("Bucket", "ExpectedBucketOwner", "Prefix", "StartAfter"),
}
"""What each way to read can be asked with here."""

_RESOURCE = re.compile(r"arn:aws[a-z-]*:states:::s3:(getObject|listObjectsV2)")


def check_item_reader(findings: Findings, state: JsonObject, name: str, pointer: str) -> None:
    """ItemReader reads from S3."""
    place = f"{pointer}/{name}"
    reader = object_at(findings, state[name], place)
    if reader is None:
        return
    language = findings.language_of(state)
    findings.known_fields(reader, READER_FIELDS, place, language)
    check_resource(findings, reader, _RESOURCE, place)
    action = str(reader.get("Resource")).rpartition(":")[2]
    if action in READ_WITH:
        check_parameters(findings, state, reader, READ_WITH[action], place)
    if "ReaderConfig" in reader:
        place = f"{place}/ReaderConfig"
        config = object_at(findings, reader["ReaderConfig"], place)
        if config is not None:
            findings.known_fields(config, CONFIG_FIELDS, place, language)
            _check_config(findings, state, config, place)


def _check_config(findings: Findings, state: JsonObject, config: JsonObject, place: str) -> None:
    """How the objects are to be read."""
    for name, allowed in _ONE_OF.items():
        if name in config:
            findings.one_of(config[name], allowed, f"{place}/{name}")
    if config.get("InputType") == "PARQUET" and find_spec("pyarrow") is None:
        findings.add_not_yet(
            "items in Parquet", f"{place}/InputType", "pip install 'stepwell[parquet]'"
        )
    if config.get("Transformation") == "LOAD_AND_FLATTEN" and "InputType" not in config:
        findings.required(["InputType"], place)
    findings.text(config, "ItemsPointer", place)
    _check_headers(findings, config, place)
    check_limit(findings, state, config, "MaxItems", ITEMS_MAX, place)


def _check_headers(findings: Findings, config: JsonObject, place: str) -> None:
    """Only an object of rows has headers, and says where they are."""
    location = config.get("CSVHeaderLocation")
    if config.get("InputType") == "CSV" and location is None:
        findings.error("The field 'CSVHeaderLocation' is required", place)
    if config.get("InputType") == "JSON" and location is not None:
        findings.error("Field 'CSVHeaderLocation' is not supported", place)
    elif location is not None:
        findings.one_of(location, HEADER_LOCATIONS, f"{place}/CSVHeaderLocation")
    if location == "GIVEN" and "CSVHeaders" not in config:
        findings.required(["CSVHeaders"], place)
    if "CSVHeaders" in config:
        _check_texts(findings, config["CSVHeaders"], f"{place}/CSVHeaders")


def _check_texts(findings: Findings, value: JsonValue, place: str) -> None:
    """An array of texts. A text alone fails when it is read: definitions that are filled in later
    hold one, and are valid elsewhere."""
    if isinstance(value, str):
        return
    if not isinstance(value, list):
        findings.error("Expected value of type Array", place)
        return
    for position, text in enumerate(value):
        if not isinstance(text, str):
            findings.error("Expected value of type String", f"{place}[{position}]")
