"""JSONPath as Step Functions understands it, parsed once and compiled to functions."""

from stepwell.language.paths.fields import input_path_reader, path_reader
from stepwell.language.paths.path import Path, PathNotFound, compile_path
from stepwell.language.paths.reference import ReferencePath, compile_reference_path
from stepwell.language.paths.syntax import PathSyntaxError

__all__ = [
    "Path",
    "PathNotFound",
    "PathSyntaxError",
    "ReferencePath",
    "compile_path",
    "compile_reference_path",
    "input_path_reader",
    "path_reader",
]
