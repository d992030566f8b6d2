"""JSONata as Step Functions understands it, behind one adapter."""

from stepwell.language.jsonata.adapter import (
    QUERY_EVALUATION_ERROR,
    Compiled,
    JsonataSyntaxError,
    compile_jsonata,
    type_name,
)

__all__ = [
    "QUERY_EVALUATION_ERROR",
    "Compiled",
    "JsonataSyntaxError",
    "compile_jsonata",
    "type_name",
]
