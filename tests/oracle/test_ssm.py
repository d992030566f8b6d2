"""Parameter Store through boto3."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.oracle.conftest import Aws


def put(ssm: Any, name: str, value: str, **more: Any) -> Any:
    """A String parameter."""
    return ssm.put_parameter(**{"Name": name, "Value": value, "Type": "String", **more})


def refusal(call: Any, **params: Any) -> tuple[str, str]:
    """Code and text of a refused call."""
    with pytest.raises(ClientError) as refused:
        call(**params)
    error = refused.value.response["Error"]
    return error["Code"], error.get("Message", "")


def test_a_parameter(aws: Aws) -> None:
    """Put, read, overwritten, read by version, deleted."""
    ssm = aws("ssm")
    assert put(ssm, "/one/a", "1")["Version"] == 1
    got = ssm.get_parameter(Name="/one/a")["Parameter"]
    assert (got["Value"], got["Version"], got["Type"]) == ("1", 1, "String")
    assert got["ARN"].endswith(":parameter/one/a")
    assert put(ssm, "/one/a", "2", Overwrite=True)["Version"] == 2
    assert ssm.get_parameter(Name="/one/a")["Parameter"]["Value"] == "2"
    old = ssm.get_parameter(Name="/one/a:1")["Parameter"]
    assert old["Value"] == "1"
    if not aws.is_moto:  # which leaves it out
        assert old["Selector"] == ":1"
    assert ssm.get_parameter(Name=got["ARN"])["Parameter"]["Value"] == "2"
    ssm.delete_parameter(Name="/one/a")
    assert refusal(ssm.get_parameter, Name="/one/a")[0] == "ParameterNotFound"
    assert refusal(ssm.delete_parameter, Name="/one/a")[0] == "ParameterNotFound"


def test_refusals(aws: Aws) -> None:
    """Codes and sentences of AWS."""
    ssm = aws("ssm")
    put(ssm, "/refused", "1")
    assert refusal(ssm.put_parameter, Name="/refused", Value="2", Type="String") == (
        "ParameterAlreadyExists",
        "The parameter already exists. To overwrite this value, set the overwrite option in the "
        "request to true.",
    )
    code, _ = refusal(ssm.put_parameter, Name="/aws/x", Value="2", Type="String")
    assert code == "AccessDeniedException"
    assert refusal(ssm.get_parameter, Name="/refused:9")[0] == "ParameterVersionNotFound"


def test_refusals_of_aws_only(aws: Aws) -> None:
    """What moto takes and AWS does not."""
    if aws.is_moto:
        return
    ssm = aws("ssm")
    code, text = refusal(ssm.put_parameter, Name="a/b", Value="2", Type="String")
    assert (code, text) == ("ValidationException", "Parameter name must be a fully qualified name.")
    code, text = refusal(
        ssm.put_parameter, Name="/p", Value="b", Type="String", AllowedPattern="^a$"
    )
    assert code == "ParameterPatternMismatchException"
    assert text == "Parameter value, cannot be validated against allowedPattern: ^a$"
    assert refusal(ssm.get_parameters_by_path, Path="path")[0] == "ValidationException"
    code, text = refusal(ssm.put_parameter, Name="/large", Value="x" * 4097, Type="String")
    assert code == "ValidationException"
    assert "maximum parameter value of 4096 characters" in text
    put(ssm, "/unlabelled", "1")
    assert refusal(ssm.get_parameter, Name="/unlabelled:x")[0] == "ParameterVersionNotFound"
    policies = {"Tier": "Advanced", "Policies": '[{"Type":"Expiration"}]'}
    code, text = refusal(ssm.put_parameter, Name="/p", Value="b", Type="String", **policies)
    assert text == "Stepwell does not support Policies of parameters."
    code, _ = refusal(ssm.put_parameter, Name="/1" * 16, Value="b", Type="String")
    assert code == "HierarchyLevelLimitExceededException"


def test_a_hundred_versions(aws: Aws) -> None:
    """The oldest one goes, unless it has a label."""
    ssm = aws("ssm")
    for number in range(101):
        put(ssm, "/many", str(number), Overwrite=number > 0)
    history = ssm.get_parameter_history(Name="/many")["Parameters"]
    assert history[0]["Version"] == 2
    ssm.label_parameter_version(Name="/many", ParameterVersion=2, Labels=["kept"])
    code, text = refusal(ssm.put_parameter, Name="/many", Value="x", Type="String", Overwrite=True)
    assert code == "ParameterMaxVersionLimitExceeded"
    assert "Version 2, the oldest version, can't be deleted" in text


def test_secure_strings(aws: Aws) -> None:
    """They are shown to whoever asks for decryption."""
    ssm = aws("ssm")
    ssm.put_parameter(Name="/secure", Value="secret", Type="SecureString")
    hidden = ssm.get_parameter(Name="/secure")["Parameter"]
    assert hidden["Type"] == "SecureString"
    assert hidden["Value"] != "secret"
    shown = ssm.get_parameter(Name="/secure", WithDecryption=True)["Parameter"]
    assert shown["Value"] == "secret"
    wanted = [{"Key": "Name", "Values": ["/secure"]}]
    [told] = ssm.describe_parameters(ParameterFilters=wanted)["Parameters"]
    assert told["KeyId"] == "alias/aws/ssm"


def test_several(aws: Aws) -> None:
    """GetParameters and DeleteParameters tell what is not there."""
    ssm = aws("ssm")
    put(ssm, "/several/a", "1")
    put(ssm, "/several/b", "2")
    told = ssm.get_parameters(Names=["/several/a", "/several/b", "/several/c"])
    assert {each["Name"]: each["Value"] for each in told["Parameters"]} == {
        "/several/a": "1",
        "/several/b": "2",
    }
    assert told["InvalidParameters"] == ["/several/c"]
    gone = ssm.delete_parameters(Names=["/several/a", "/several/c"])
    assert gone["DeletedParameters"] == ["/several/a"]
    assert gone["InvalidParameters"] == ["/several/c"]


def test_paths(aws: Aws) -> None:
    """One level or all of them, page by page."""
    ssm = aws("ssm")
    for name in ("/path/a", "/path/b", "/path/deep/c", "/pathless"):
        put(ssm, name, name)
    flat = ssm.get_parameters_by_path(Path="/path")["Parameters"]
    assert sorted(each["Name"] for each in flat) == ["/path/a", "/path/b"]
    seen: list[str] = []
    token: dict[str, str] = {}
    for _ in range(5):
        page = ssm.get_parameters_by_path(Path="/path/", Recursive=True, MaxResults=1, **token)
        seen += [each["Name"] for each in page["Parameters"]]
        if not page.get("NextToken"):
            break
        token = {"NextToken": page["NextToken"]}
    assert sorted(seen) == ["/path/a", "/path/b", "/path/deep/c"]


def test_history_and_labels(aws: Aws) -> None:
    """Every version is there; a label leads to one and moves from another."""
    ssm = aws("ssm")
    for value in ("1", "2", "3"):
        put(ssm, "/labelled", value, Overwrite=value != "1")
    told = ssm.label_parameter_version(Name="/labelled", ParameterVersion=1, Labels=["live", "9x"])
    assert told["InvalidLabels"] == ["9x"]
    assert ssm.get_parameter(Name="/labelled:live")["Parameter"]["Value"] == "1"
    ssm.label_parameter_version(Name="/labelled", ParameterVersion=2, Labels=["live"])
    assert ssm.get_parameter(Name="/labelled:live")["Parameter"]["Value"] == "2"
    history = ssm.get_parameter_history(Name="/labelled")["Parameters"]
    assert [(each["Version"], each["Value"]) for each in history] == [(1, "1"), (2, "2"), (3, "3")]
    assert [each["Labels"] for each in history] == [[], ["live"], []]


def test_describe(aws: Aws) -> None:
    """Filters by name, path, type and tag."""
    ssm = aws("ssm")
    put(ssm, "/described/a", "1", Tags=[{"Key": "team", "Value": "x"}], Description="d")
    put(ssm, "/described/b", "1,2", Type="StringList")

    def found(**wanted: Any) -> list[str]:
        told = ssm.describe_parameters(ParameterFilters=[wanted])["Parameters"]
        return [each["Name"] for each in told if each["Name"].startswith("/described")]

    assert found(Key="Name", Option="BeginsWith", Values=["/described"]) == [
        "/described/a",
        "/described/b",
    ]
    assert found(Key="Path", Option="OneLevel", Values=["/described"]) == [
        "/described/a",
        "/described/b",
    ]
    assert found(Key="Type", Option="Equals", Values=["StringList"]) == ["/described/b"]
    assert found(Key="tag:team", Values=["x"]) == ["/described/a"]
    assert refusal(ssm.describe_parameters, ParameterFilters=[{"Key": "Nothing", "Values": ["x"]}])[
        0
    ] in ("InvalidFilterKey", "ValidationException")


def test_tags(aws: Aws) -> None:
    """Added, shown, taken away."""
    ssm = aws("ssm")
    put(ssm, "/tagged", "1")
    where = {"ResourceType": "Parameter", "ResourceId": "/tagged"}
    ssm.add_tags_to_resource(**where, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    ssm.remove_tags_from_resource(**where, TagKeys=["a"])
    assert ssm.list_tags_for_resource(**where)["TagList"] == [{"Key": "b", "Value": "2"}]
    missing = {"ResourceType": "Parameter", "ResourceId": "/nothing"}
    assert refusal(ssm.list_tags_for_resource, **missing)[0] == "InvalidResourceId"


def test_tiers(aws: Aws) -> None:
    """More than 4,096 characters need the advanced tier."""
    ssm = aws("ssm")
    told = put(ssm, "/tier", "x" * 5000, Tier="Advanced")
    assert told["Tier"] == "Advanced"
    assert put(ssm, "/tier/own", "x", Tier="Intelligent-Tiering")["Tier"] in (
        "Standard",
        "Intelligent-Tiering",  # moto's
    )
