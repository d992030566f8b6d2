"""The file of --integrations: what it may say, and how it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from stepwell.integrations.outside.settings import BadIntegrations, Mock, read_settings

GOOD = """
[upstream]
glue = "aws"
"*" = "http://localhost:5000"

[mocks."bedrock:invokeModel"]
return = { Body = "x" }

[[mocks."glue:startJobRun.sync"]]
throw = { error = "Glue.Busy", cause = "later" }
[[mocks."glue:startJobRun.sync"]]
return = 1

[commands."ecs:runTask"]
report = ["python", "report.py"]
"""


def test_a_good_file_is_read(tmp_path: Path) -> None:
    """Upstreams, mocks in their order, commands."""
    path = tmp_path / "i.toml"
    path.write_text(GOOD)
    settings = read_settings(path)
    assert settings.upstream == {"glue": "aws", "*": "http://localhost:5000"}
    assert settings.mocks["glue:startJobRun.sync"] == (Mock(None, "Glue.Busy", "later"), Mock(1))
    assert settings.commands == {"ecs:runTask": {"report": ("python", "report.py")}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("= 1", "line 1"),
        ("[other]", "unknown part 'other'"),
        ("upstream = 1", "upstream must be a table"),
        ('[upstream]\nglue = "ftp://x"', "upstream.glue must be 'aws' or begin with http"),
        ("[mocks.glue]\nreturn = 1", "'glue' is no service:action"),
        ('[mocks."a:b"]\nreturn = 1\nthrow = 2', "either return or throw"),
        ('[mocks."a:b"]\nthrow = { error = 1 }', "needs error and cause as texts"),
        ('[mocks]\n"a:b" = []', "has no answer"),
        ('[commands."sqs:sendMessage"]\na = ["b"]', "can't be a command"),
        ('[commands."ecs:runTask"]\na = "b"', "must be a list of texts"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    """One sentence that names the file and what is wrong."""
    path = tmp_path / "i.toml"
    path.write_text(text)
    with pytest.raises(BadIntegrations) as refused:
        read_settings(path)
    assert str(refused.value).startswith(str(path))
    assert said in str(refused.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """With the reason."""
    with pytest.raises(BadIntegrations, match="can't be read: No such file"):
        read_settings(tmp_path / "none.toml")
