"""A distributed Map's own fields, compiled; an inline Map has none of this."""

from __future__ import annotations

from hashlib import blake2b
from typing import cast

from stepwell.language.compile_data import integer_at
from stepwell.language.compile_jsonata import (
    is_jsonata,
    jsonata_number,
    jsonata_template,
    jsonata_whole,
)
from stepwell.language.paths import input_path_reader
from stepwell.language.program import (
    QUERY_EVALUATION,
    RUNTIME,
    DistributedMap,
    Environment,
    Evaluate,
    EvaluationFailed,
    ItemBatcher,
    ItemReader,
    ReadInteger,
    ReadNumber,
    ResultWriter,
)
from stepwell.language.templates import compile_template
from stepwell.values import JsonObject, JsonValue, encode_text, uuid_text


def compile_distributed(name: str, state: JsonObject) -> DistributedMap | None:
    """What a Map state in mode DISTRIBUTED has besides; None for an inline one."""
    if not is_distributed(state):
        return None
    return DistributedMap(
        label=cast("str", state.get("Label", _made_label(name))),
        express=_processor_config(state).get("ExecutionType") == "EXPRESS",
        tolerated_count=_integer(
            state, "ToleratedFailureCount", least=0, jsonata=is_jsonata(state)
        ),
        tolerated_percentage=_percentage(state),
        reader=_reader(state),
        batcher=_batcher(state),
        writer=_writer(state),
    )


def _processor_config(state: JsonObject) -> JsonObject:
    processor = cast("JsonObject", state.get("ItemProcessor", state.get("Iterator")))
    return cast("JsonObject", processor.get("ProcessorConfig", {}))


def is_distributed(state: JsonObject) -> bool:
    """Whether a Map state's iterations are executions of their own."""
    return _processor_config(state).get("Mode") == "DISTRIBUTED"


def _made_label(name: str) -> str:
    """The label of a Map without one. State names are unique in a machine, and so is this."""
    return uuid_text(blake2b(name.encode(), digest_size=16, person=b"map-label").digest())


def _integer(
    state: JsonObject, name: str, *, least: int | None, jsonata: bool = False
) -> ReadInteger | None:
    """A whole number, fixed, by its Path field, or computed."""
    if jsonata:
        return jsonata_whole(state, name)
    if f"{name}Path" in state:
        return integer_at(f"{name}Path", cast("str", state[f"{name}Path"]), least=least)
    if name not in state:
        return None
    fixed = cast("int", state[name])
    return lambda _data, _env: fixed


def _percentage(state: JsonObject) -> ReadNumber | None:
    """ToleratedFailurePercentage, fixed or by its path."""
    name, field = "ToleratedFailurePercentage", "ToleratedFailurePercentagePath"
    if is_jsonata(state):
        return _bounded(jsonata_number(state, name), name, name, QUERY_EVALUATION)
    if name in state:
        fixed = float(cast("float", state[name]))
        return lambda _data, _env: fixed
    if field not in state:
        return None
    path = cast("str", state[field])
    read = input_path_reader(path, field)

    def read_percentage(data: JsonValue, env: Environment) -> float:
        value = read(data, env)
        if isinstance(value, bool) or not isinstance(value, int | float):
            shown = value if isinstance(value, str) else encode_text(value)
            cause = (
                f'The {field} field refers to value "{shown}" which is not a valid float: {path}'
            )
            raise EvaluationFailed(cause, location=field)
        return float(value)

    return _bounded(read_percentage, name, field)


def _bounded(
    read: ReadNumber | None, name: str, field: str, error: str = RUNTIME
) -> ReadNumber | None:
    """The number, which must be a percentage."""
    if read is None:
        return None
    number = read

    def read_bounded(data: JsonValue, env: Environment) -> float:
        value = number(data, env)
        if not 0 <= value <= 100:
            cause = f"{name} must be between 0 and 100."
            raise EvaluationFailed(cause, error=error, location=field)
        return float(value)

    return read_bounded


def _arguments(state: JsonObject, name: str) -> Evaluate | None:
    """What S3 is asked for."""
    holder = cast("JsonObject", state[name])
    if is_jsonata(state):
        given = "Arguments" in holder
        return jsonata_template(holder["Arguments"], f"{name}/Arguments") if given else None
    if "Parameters" not in holder:
        return None
    return compile_template(holder["Parameters"], "Parameters")


def _reader(state: JsonObject) -> ItemReader | None:
    if "ItemReader" not in state:
        return None
    reader = cast("JsonObject", state["ItemReader"])
    config = cast("JsonObject", reader.get("ReaderConfig", {}))
    return ItemReader(
        action=cast("str", reader["Resource"]).rpartition(":")[2],
        arguments=_arguments(state, "ItemReader"),
        config=config,
        max_items=_integer(config, "MaxItems", least=None, jsonata=is_jsonata(state)),
    )


def _batcher(state: JsonObject) -> ItemBatcher | None:
    if "ItemBatcher" not in state:
        return None
    batcher = cast("JsonObject", state["ItemBatcher"])
    batch_input = None
    jsonata = is_jsonata(state)
    if "BatchInput" in batcher:
        template = batcher["BatchInput"]
        fill = jsonata_template if jsonata else compile_template
        batch_input = fill(template, "ItemBatcher/BatchInput" if jsonata else "BatchInput")
    return ItemBatcher(
        max_items=_positive(batcher, "MaxItemsPerBatch", jsonata=jsonata),
        max_bytes=_positive(batcher, "MaxInputBytesPerBatch", jsonata=jsonata),
        batch_input=batch_input,
    )


def _positive(batcher: JsonObject, name: str, *, jsonata: bool) -> ReadInteger | None:
    """A bound of a batch, which nothing fits into when it is zero."""
    read = _integer(batcher, name, least=1, jsonata=jsonata)
    if read is None:
        return None
    number = read

    def read_positive(data: JsonValue, env: Environment) -> int:
        value = number(data, env)
        if value < 1:
            cause = f"{name} must be greater than zero."
            raise EvaluationFailed(
                cause, error=QUERY_EVALUATION if jsonata else RUNTIME, location=name
            )
        return value

    return read_positive


def _writer(state: JsonObject) -> ResultWriter | None:
    if "ResultWriter" not in state:
        return None
    writer = cast("JsonObject", state["ResultWriter"])
    exports = "Resource" in writer
    config = cast("JsonObject", writer.get("WriterConfig", {}))
    return ResultWriter(
        arguments=_arguments(state, "ResultWriter"),
        exports=exports,
        transformation=cast("str", config.get("Transformation", "NONE" if exports else "COMPACT")),
        output_type=cast("str", config.get("OutputType", "JSON")),
    )
