"""Local files of templates, as objects of a bucket."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from stepwell.cli.deploy.addresses import local_address
from stepwell.cli.deploy.archives import BYTES_MAX, read_file, zipped
from stepwell.cli.deploy.packaging import Packaged, package
from stepwell.cli.deploy.projects import open_project
from stepwell.cli.deploy.sources import BadProject
from stepwell.cli.deploy.watching import changed, kept, near, snapshot
from tests.cli.deploy.files import HANDLER, template, write


def packaged(folder: Path, document: dict[str, Any]) -> Packaged:
    """The template in that folder, packaged for a bucket."""
    write(folder, {"template.json": document})
    return package(open_project(folder, {}).stacks[0], "bucket")


def properties(one: Packaged, name: str) -> Any:
    """The properties of a resource."""
    return json.loads(one.text)["Resources"][name]["Properties"]


def test_an_archive_tells_only_what_is_in_it(tmp_path: Path) -> None:
    """The same files at other times and places are the same bytes; leavings stay out."""
    first = write(tmp_path / "a", {"m.py": HANDLER, "p/q.py": "1", "__pycache__/m.pyc": "x"})
    again = write(tmp_path / "b", {"p/q.py": "1", "m.py": HANDLER})
    assert zipped(first) == zipped(again)
    with zipfile.ZipFile(io.BytesIO(zipped(first))) as archive:
        assert archive.namelist() == ["m.py", "p/q.py"]
    write(again, {"p/q.py": "2"})
    assert zipped(first) != zipped(again)


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    """A folder that links to itself is archived once."""
    folder = write(tmp_path / "a", {"m.py": HANDLER})
    (folder / "again").symlink_to(folder)
    with zipfile.ZipFile(io.BytesIO(zipped(folder))) as archive:
        assert archive.namelist() == ["m.py"]


def test_sam_paths(tmp_path: Path) -> None:
    """Code, layers, definitions and APIs of SAM are named as it names objects."""
    write(tmp_path, {"src/m.py": HANDLER, "m.asl.json": "{}", "layer.zip": "PK"})
    one = packaged(
        tmp_path,
        {
            **template(
                F={"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "src/"}},
                M={
                    "Type": "AWS::Serverless::StateMachine",
                    "Properties": {"DefinitionUri": "m.asl.json"},
                },
                L={
                    "Type": "AWS::Serverless::LayerVersion",
                    "Properties": {"ContentUri": "layer.zip"},
                },
            ),
            "Transform": "AWS::Serverless-2016-10-31",
        },
    )
    assert properties(one, "F")["CodeUri"].startswith("s3://bucket/")
    assert properties(one, "F")["CodeUri"].endswith(".zip")
    assert properties(one, "M")["DefinitionUri"].endswith(".json")
    assert one.uploads[properties(one, "L")["ContentUri"].removeprefix("s3://bucket/")] == b"PK"
    assert tmp_path / "src" in one.read


def test_code_that_all_functions_share(tmp_path: Path) -> None:
    """A path in `Globals` is the path of each function; no path at all is the template's folder."""
    write(tmp_path, {"src/m.py": HANDLER})
    function = {"Type": "AWS::Serverless::Function", "Properties": {}}
    image = {"Type": "AWS::Serverless::Function", "Properties": {"PackageType": "Image"}}
    shared = {"Function": {"CodeUri": "src", "Timeout": 3}}
    sam = {"Transform": "AWS::Serverless-2016-10-31", "Globals": shared}
    one = packaged(tmp_path, {**template(F=function, G=function, I=image), **sam})
    assert properties(one, "F") == properties(one, "G")
    assert properties(one, "F")["CodeUri"].startswith("s3://")
    assert properties(one, "I") == {"PackageType": "Image"}
    assert json.loads(one.text)["Globals"] == {"Function": {"Timeout": 3}}
    alone = packaged(tmp_path / "src", template(F=function))
    assert properties(alone, "F")["CodeUri"].startswith("s3://")


def test_paths_of_plain_templates(tmp_path: Path) -> None:
    """Code is named by bucket and key; what is no path is left alone."""
    write(tmp_path, {"src/m.py": HANDLER, "m.asl.yaml": "StartAt: A"})
    inline = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": "x"}}}
    one = packaged(
        tmp_path,
        template(
            F={"Type": "AWS::Lambda::Function", "Properties": {"Code": "src"}},
            G=inline,
            M={
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"DefinitionS3Location": "m.asl.yaml"},
            },
        ),
    )
    assert properties(one, "F")["Code"].keys() == {"S3Bucket", "S3Key"}
    assert properties(one, "M")["DefinitionS3Location"].keys() == {"Bucket", "Key"}
    assert properties(one, "G") == inline["Properties"]


def test_stacks_in_stacks(tmp_path: Path) -> None:
    """A nested template is packaged with its own paths, which start at its own folder."""
    inner = template(F={"Type": "AWS::Lambda::Function", "Properties": {"Code": "src"}})
    write(tmp_path, {"inner/src/m.py": HANDLER, "inner/inner.json": inner})
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": "inner/inner.json"},
    }
    one = packaged(tmp_path, template(Inner=nested))
    url = properties(one, "Inner")["TemplateURL"]
    sent = one.uploads[url.removeprefix("https://bucket.s3.amazonaws.com/")]
    assert json.loads(sent)["Resources"]["F"]["Properties"]["Code"]["S3Bucket"] == "bucket"


def test_a_stack_that_holds_itself_is_refused(tmp_path: Path) -> None:
    """Nesting ends somewhere."""
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "template.json"}}
    with pytest.raises(BadProject, match="does one hold itself"):
        packaged(tmp_path, template(Inner=nested))


def test_included_files(tmp_path: Path) -> None:
    """The place of an included file becomes an object's, wherever it stands."""
    write(tmp_path, {"part.yaml": "A: 1"})
    include = {"Name": "AWS::Include", "Parameters": {"Location": "part.yaml"}}
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"Fn::Transform": include}}
    one = packaged(tmp_path, template(Jobs=queue))
    location = properties(one, "Jobs")["Fn::Transform"]["Parameters"]["Location"]
    assert location.startswith("s3://bucket/")


def test_a_path_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    """The message names resource, property and path."""
    function = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "gone/"}}
    with pytest.raises(BadProject, match=r"F\.CodeUri: there is no gone/"):
        packaged(tmp_path, template(F=function))


def test_addresses_of_aws_as_they_answer_here() -> None:
    """APIs and function URLs; other texts have none."""
    here = "http://127.0.0.1:4566"
    api = "https://abc123.execute-api.eu-west-1.amazonaws.com/dev/start"
    assert local_address(api, here) == f"{here}/_aws/execute-api/abc123/dev/start"
    url = "https://xyz.lambda-url.eu-west-1.on.aws/"
    assert local_address(url, here) == f"{here}/_aws/lambda-url/xyz/"
    assert local_address("https://example.com/", here) is None
    assert local_address("abc123", here) is None


def test_a_changed_file_is_seen(tmp_path: Path) -> None:
    """Files that change, come or go make a difference."""
    folder = write(tmp_path, {"a.py": "1", "b.py": "1", "c.py": "1"})
    before = snapshot([folder])
    write(folder, {"a.py": "12", "d.py": "1"})
    (folder / "b.py").unlink()
    names = [Path(name).name for name in changed(before, snapshot([folder]))]
    assert names == ["a.py", "b.py", "d.py"]
    assert changed(before, before) == []


def test_what_was_seen_before_counts_for_what_is_still_watched(tmp_path: Path) -> None:
    """Files below the given paths, and no others that only begin alike."""
    folder = write(tmp_path, {"src/a.py": "1", "src2/a.py": "1", "m.json": "1"})
    seen = kept(snapshot([folder]), [folder / "src", folder / "m.json"])
    assert sorted(seen) == [str(folder / "m.json"), str(folder / "src/a.py")]


@pytest.mark.parametrize("strange", ["/dev/zero", "pipe"])
def test_what_is_no_file_is_refused(tmp_path: Path, strange: str) -> None:
    """A device or a pipe would never end, or never begin."""
    path = tmp_path / strange
    if strange == "pipe":
        os.mkfifo(path)
    with pytest.raises(BadProject, match="is no file"):
        read_file(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """Its size is enough to refuse it."""
    with (tmp_path / "large").open("wb") as file:
        file.truncate(BYTES_MAX + 1)
    with pytest.raises(BadProject, match="is larger than"):
        read_file(tmp_path / "large")


def test_a_file_that_comes_is_seen(tmp_path: Path) -> None:
    """While a project can't be read, files that are new in its folder are changes too."""
    look = near(tmp_path, [tmp_path / "src"])
    before = snapshot(look())
    assert before == {}
    write(tmp_path, {"template.json": template()})
    assert changed(before, snapshot(look())) == [str(tmp_path / "template.json")]
