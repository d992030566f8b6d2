"""InputPath, OutputPath and the other `…Path` fields: readers that fail with AWS's sentences."""

from __future__ import annotations

from stepwell.language.budget import held
from stepwell.language.paths.path import Path, PathNotFound, compile_path
from stepwell.language.program import Environment, Evaluate, EvaluationFailed
from stepwell.values import JsonValue


def input_path_reader(text: str | None, field: str) -> Evaluate:
    """What `InputPath`, `OutputPath` or `ItemsPath` gives; null gives `{}`.

    Raises PathSyntaxError. The function raises EvaluationFailed: `Invalid path '$.X' : …`, and for
    ItemsPath also when the value is no array.
    """
    if text is None:
        return lambda _data, _env: {}
    path = compile_path(text)
    read = path_reader(path, field)
    return _array_reader(path, read) if field == "ItemsPath" else read


def path_reader(path: Path, field: str) -> Evaluate:
    """Reads the path; one that finds nothing fails as an invalid path."""
    read = path.read
    if not path.steps and path.root == "$":
        return read

    def evaluate(data: JsonValue, env: Environment) -> JsonValue:
        try:
            return read(data, env)
        except PathNotFound as error:
            raise EvaluationFailed(str(error), location=field) from None

    return evaluate if path.definite else held(evaluate)


def _array_reader(path: Path, read: Evaluate) -> Evaluate:
    def evaluate(data: JsonValue, env: Environment) -> JsonValue:
        items = read(data, env)
        if not isinstance(items, list):
            # AWS names a place in the context object without its second dollar.
            shown = path.text[1:] if path.root == "$$" else path.text
            cause = f'Reference path "{shown}" must point to array.'
            raise EvaluationFailed(cause, location="ItemsPath")
        return items

    return evaluate
