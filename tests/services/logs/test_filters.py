"""Filter patterns as tables: pattern, line, whether it is shown."""

from __future__ import annotations

import pytest

from stepwell.errors import ServiceError
from stepwell.services.logs.filters import compile_filter

JSON = '{"id":"7","n":5,"ok":true,"none":null,"user":{"names":["ann","bob"]},"ip":"10.0.0.1"}'


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ('{ $.id = "7" }', True),
        ("{ $.id = 7 }", True),
        ('{ $.id != "7" }', False),
        ("{ $.n > 4 && $.n <= 5 }", True),
        ("{ $.n < 4 || $.ok IS TRUE }", True),
        ("{ ($.n < 4 || $.n = 9) && $.ok IS TRUE }", False),
        ("{ $.none IS NULL }", True),
        ("{ $.other NOT EXISTS }", True),
        ('{ $.user.names[1] = "bob" }', True),
        ('{ $.user.names[*] = "a*" }', True),
        ('{ $["user"].names[0] = "bob" }', False),
        ("{ $.ip = %10\\.0\\.% }", True),
    ],
)
def test_json_patterns(pattern: str, shown: bool) -> None:
    """Conditions on the members of a JSON line."""
    matches = compile_filter(pattern)
    assert matches(JSON) is shown
    assert matches("no JSON at all") is False


@pytest.mark.parametrize(
    ("pattern", "line", "shown"),
    [
        ("[a, b, c]", "1 2 3", True),
        ("[a, b]", "1 2 3", False),
        ("[ip, ..., status=4*]", "10.0.0.1 GET /x 404", True),
        ("[ip, ..., status=4*]", "10.0.0.1 GET /x 200", False),
        ("[ip, verb, size>100]", "10.0.0.1 GET 200", True),
        ("[ip, verb!=GET]", '10.0.0.1 "PUT x"', True),
        ("%AUTH-[0-9]+%", "token AUTH-17 refused", True),
        ("%AUTH-[0-9]+%", "token AUTH refused", False),
        ("", "anything", True),
        ("?disk ?fine", "all fine", True),
        ("?disk ?fine", "net", False),
        ("ERROR -WARN", "ERROR disk", True),
        ("ERROR -WARN", "ERROR net WARN", False),
    ],
)
def test_columns_and_expressions(pattern: str, line: str, shown: bool) -> None:
    """Columns in order, an ellipsis for any number of them, regular expressions."""
    assert compile_filter(pattern)(line) is shown


@pytest.mark.parametrize(
    "pattern",
    ["{ $.a = }", "{ $.a", "{ a = 1 }", "[a, ..., b, ...]", "[a", "{ $.a > x }", "%(a+)+%", "%[%"],
)
def test_bad_patterns_are_refused(pattern: str) -> None:
    """In AWS's shape, whatever is wrong."""
    with pytest.raises(ServiceError) as refused:
        compile_filter(pattern)
    assert refused.value.code == "InvalidParameterException"
