"""What deployment tools read back, against Stepwell and against moto.

A tool compares every attribute with what it asked for, and waits or plans a change where one is
missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.oracle.conftest import REGION, Aws

_NUMBERS: Iterator[int] = iter(range(1_000_000))


def a_bucket(s3: Any) -> str:
    """A bucket of the test's own."""
    name = f"deployed-{next(_NUMBERS)}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def test_the_least_size_of_a_transition_is_shown(aws: Aws) -> None:
    """The default with rules that name none, what was asked for otherwise; nonsense is refused."""
    if aws.is_moto:
        pytest.skip("moto does not know that header")
    s3 = aws("s3")
    bucket = a_bucket(s3)
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "p/"}, "Expiration": {"Days": 1}}
    rules = {"Rules": [rule]}
    size = "TransitionDefaultMinimumObjectSize"
    put = s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules)
    assert put[size] == "all_storage_classes_128K"
    shown = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert (shown["Rules"], shown[size]) == ([rule], "all_storage_classes_128K")
    other = {size: "varies_by_storage_class"}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules, **other)
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)[size] == other[size]
    with pytest.raises(ClientError, match="InvalidRequest"):
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration=rules, **{size: "tiny"}
        )
