"""ItemReader: from what a state names in S3 to its items.

One object (JSON, JSON Lines, CSV), a listing of objects, the objects of a listing, or the files
that a manifest names (S3 inventory, Athena).
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from stepwell.engine.map_items import Item, MapItems, SourcedItem
from stepwell.errors import ServiceError
from stepwell.language.program import ItemReader
from stepwell.runtime.item_formats import ReadingFailed, read_items, unpacked
from stepwell.runtime.objects import Bucket, ObjectInfo, ObjectStore
from stepwell.values import BadJson, JsonObject, JsonValue, decode

LISTED_AT_A_TIME = 1_000


async def items_of(
    reader: ItemReader, given: MapItems, objects: ObjectStore
) -> AsyncIterator[Item]:
    """The items, no more than MaxItems. Raises ReadingFailed, EvaluationFailed."""
    arguments, config = reader_arguments(reader, given)
    most = 0
    if reader.max_items is not None:
        most = reader.max_items(given.arguments, given.environment)
        if most < 0:
            raise ReadingFailed("field MaxItems must be positive")
    count = 0
    try:
        async for item in _items(reader.action, arguments, config, objects):
            yield item
            count += 1
            if count == most:
                return
    except ServiceError as error:
        raise ReadingFailed(
            f"{error.message} (Service: Amazon S3; Error Code: {error.code})"
        ) from error


def reader_arguments(reader: ItemReader, given: MapItems) -> tuple[JsonObject, JsonObject]:
    """What the reader is called with, and how it reads. May raise EvaluationFailed."""
    arguments: JsonValue = {}
    if reader.arguments is not None:
        arguments = reader.arguments(given.arguments, given.environment)
    if not isinstance(arguments, dict) or not isinstance(arguments.get("Bucket"), str):
        raise ReadingFailed("The ItemReader names no Bucket.")
    return arguments, dict(reader.config)


def bucket_of(arguments: JsonObject) -> Bucket:
    """The bucket that arguments name, and who is said to own it."""
    owner = arguments.get("ExpectedBucketOwner")
    return Bucket(str(arguments["Bucket"]), None if owner is None else str(owner))


def source_of(reader: ItemReader, given: MapItems) -> str:
    """`Map.Item.Source` of the context object, where items do not say it themselves."""
    arguments, _ = reader_arguments(reader, given)
    if reader.action == "listObjectsV2":
        return f"S3://{arguments['Bucket']}"
    return f"S3://{arguments['Bucket']}/{arguments.get('Key')}"


async def _items(
    action: str, arguments: JsonObject, config: JsonObject, objects: ObjectStore
) -> AsyncIterator[Item]:
    bucket = bucket_of(arguments)
    if action == "listObjectsV2":
        prefix, after = str(arguments.get("Prefix", "")), arguments.get("StartAfter")
        async for info in _listed(bucket, prefix, None if after is None else str(after), objects):
            if config.get("Transformation") == "LOAD_AND_FLATTEN":
                if info.key.endswith("/") and not info.size:
                    continue  # A folder, as consoles make them.
                source = f"S3://{bucket.name}/{info.key}"
                for item in read_items(await objects.read(bucket, info.key), config):
                    yield SourcedItem(item, source)
            else:
                yield _shown(info)
        return
    key = arguments.get("Key")
    if not isinstance(key, str):
        raise ReadingFailed("The ItemReader names no Key.")
    version = arguments.get("VersionId")
    body = await objects.read(bucket, key, None if version is None else str(version))
    if config.get("InputType") == "MANIFEST" or "ManifestType" in config:
        async for item in _from_manifest(bucket, body, config, objects):
            yield item
        return
    for item in read_items(body, config):
        yield item


async def _listed(
    bucket: Bucket, prefix: str, after: str | None, objects: ObjectStore
) -> AsyncIterator[ObjectInfo]:
    while True:
        page = await objects.list(bucket, prefix, after, LISTED_AT_A_TIME)
        for info in page:
            yield info
        if len(page) < LISTED_AT_A_TIME:
            return
        after = page[-1].key


def _shown(info: ObjectInfo) -> JsonObject:
    return {
        "Etag": info.etag,
        "LastModified": info.modified_at // 1000,
        "Key": info.key,
        "Size": info.size,
        "StorageClass": info.storage_class,
    }


async def _from_manifest(
    bucket: Bucket, body: bytes, config: JsonObject, objects: ObjectStore
) -> AsyncIterator[JsonValue]:
    """The items of every file a manifest names."""
    if config.get("ManifestType") == "ATHENA_DATA":
        for line in unpacked(body).decode("utf-8", "replace").split("\n"):
            where = line.strip().strip('"').removeprefix("s3://")
            if where:
                holder, _, key = where.partition("/")
                for item in read_items(await objects.read(Bucket(holder), key), config):
                    yield item
        return
    given, files = _inventory(body)
    for key in files:
        for item in read_items(await objects.read(bucket, key), given):
            yield item


def _inventory(body: bytes) -> tuple[JsonObject, list[str]]:
    """How the files of an S3 inventory are read, and their keys."""
    try:
        manifest = decode(unpacked(body))
    except BadJson as error:
        raise ReadingFailed(f"The manifest is not JSON: {error}") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), list):
        raise ReadingFailed("The manifest names no files.")
    files = manifest["files"]
    assert isinstance(files, list)
    return _inventory_config(manifest), [
        str(file["key"]) for file in files if isinstance(file, dict)
    ]


def _inventory_config(manifest: JsonObject) -> JsonObject:
    """As a ReaderConfig: only the rows of CSV do not say what their columns are."""
    kind = str(manifest.get("fileFormat", "CSV")).upper()
    if kind != "CSV":
        return {"InputType": kind}
    columns = [name.strip() for name in str(manifest.get("fileSchema", "")).split(",")]
    return {"InputType": kind, "CSVHeaderLocation": "GIVEN", "CSVHeaders": [*columns]}
