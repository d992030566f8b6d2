"""Small projects, as tools write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HANDLER = "def handler(event, context):\n    return event\n"


def write(folder: Path, files: dict[str, Any]) -> Path:
    """Put files there; what is no text is written as JSON."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def template(**resources: Any) -> dict[str, Any]:
    """A template of those resources."""
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"

APP = {
    **template(
        Worker={
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"S3Bucket": {"Fn::Sub": BUCKET}, "S3Key": "abc123.zip"},
                "Handler": "index.handler",
                "Runtime": "python3.11",
                "Role": "arn:aws:iam::000000000000:role/any",
            },
        }
    ),
    "Parameters": {
        "BootstrapVersion": {
            "Type": "AWS::SSM::Parameter::Value<String>",
            "Default": "/cdk-bootstrap/hnb659fds/version",
        }
    },
    "Rules": {"CheckBootstrapVersion": {"Assertions": []}},
}

ASSETS = {
    "files": {
        "abc123": {
            "source": {"path": "asset.abc123", "packaging": "zip"},
            "destinations": {"here": {"bucketName": BUCKET, "objectKey": "abc123.zip"}},
        },
        "def456": {
            "source": {"path": "App.template.json", "packaging": "file"},
            "destinations": {"here": {"bucketName": BUCKET, "objectKey": "def456.json"}},
        },
    },
    "dockerImages": {},
}

ARTIFACTS = {
    "App.assets": {"type": "cdk:asset-manifest", "properties": {"file": "App.assets.json"}},
    "App": {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {
            "templateFile": "App.template.json",
            "stackName": "shop-app",
            "tags": {"team": "shop"},
        },
        "dependencies": ["Data", "App.assets"],
    },
    "Data": {
        "type": "aws:cloudformation:stack",
        "environment": "aws://000000000000/us-east-1",
        "properties": {"templateFile": "Data.template.json"},
    },
    "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
}


def cdk_out(folder: Path) -> Path:
    """An assembly of two stacks; the first in the manifest needs the second."""
    return write(
        folder,
        {
            "manifest.json": {"version": "36.0.0", "artifacts": ARTIFACTS},
            "App.assets.json": ASSETS,
            "App.template.json": APP,
            "Data.template.json": template(Jobs={"Type": "AWS::SQS::Queue"}),
            "asset.abc123/index.py": HANDLER,
        },
    )
