"""JSONata as Step Functions understands it, behind one adapter."""

from stepwell.language.jsonata.adapter import (
    Compiled,
    JsonataSyntaxError,
    compile_jsonata,
    type_name,
)

__all__ = [
    "Compiled",
    "JsonataSyntaxError",
    "compile_jsonata",
    "type_name",
]
