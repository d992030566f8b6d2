"""What S3 says when something is wrong, in its own words."""

from __future__ import annotations

from stepwell.errors import ServiceError


def no_such_bucket(bucket: str) -> ServiceError:
    """There is no bucket of that name."""
    text = "The specified bucket does not exist"
    return ServiceError("NoSuchBucket", text, status=404, fields={"BucketName": bucket})


def no_such_key(key: str) -> ServiceError:
    """There is no object of that key."""
    text = "The specified key does not exist."
    return ServiceError("NoSuchKey", text, status=404, fields={"Key": key})


def deleted(key: str, version: str) -> ServiceError:
    """The newest version of the key is a delete marker."""
    text = "The specified key does not exist."
    headers = {"x-amz-delete-marker": "true", "x-amz-version-id": version}
    return ServiceError("NoSuchKey", text, status=404, fields={"Key": key}, headers=headers)


def is_marker(version: str) -> ServiceError:
    """That version is a delete marker, which cannot be read."""
    headers = {"x-amz-delete-marker": "true", "x-amz-version-id": version, "allow": "DELETE"}
    return ServiceError(
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
        status=405,
        fields={"Method": "GET", "ResourceType": "DeleteMarker"},
        headers=headers,
    )


def no_such_version(key: str, version: str) -> ServiceError:
    """The key has no such version."""
    text = "The specified version does not exist."
    fields = {"Key": key, "VersionId": version}
    return ServiceError("NoSuchVersion", text, status=404, fields=fields)


def no_such_upload(upload: str) -> ServiceError:
    """There is no multipart upload of that id for that key."""
    text = (
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
        "been aborted or completed."
    )
    return ServiceError("NoSuchUpload", text, status=404, fields={"UploadId": upload})


def bucket_not_empty(bucket: str) -> ServiceError:
    """A bucket with objects or versions cannot be deleted."""
    text = "The bucket you tried to delete is not empty"
    return ServiceError("BucketNotEmpty", text, status=409, fields={"BucketName": bucket})


def failed_condition(name: str) -> ServiceError:
    """A precondition of the request does not hold."""
    text = "At least one of the pre-conditions you specified did not hold"
    return ServiceError("PreconditionFailed", text, status=412, fields={"Condition": name})


def not_modified(headers: dict[str, str]) -> ServiceError:
    """What the caller has is still good."""
    return ServiceError("NotModified", "Not Modified", status=304, headers=headers)


def invalid_argument(text: str, name: str = "", value: str = "") -> ServiceError:
    """An argument is wrong."""
    fields = {"ArgumentName": name, "ArgumentValue": value} if name else {}
    return ServiceError("InvalidArgument", text, fields=fields)


def invalid_request(text: str) -> ServiceError:
    """The request makes no sense."""
    return ServiceError("InvalidRequest", text)


def malformed_xml() -> ServiceError:
    """A document lacks what it must have."""
    text = (
        "The XML you provided was not well-formed or did not validate against our published schema"
    )
    return ServiceError("MalformedXML", text)


def missing_configuration(code: str, text: str, bucket: str) -> ServiceError:
    """A sub-resource was never configured."""
    return ServiceError(code, text, status=404, fields={"BucketName": bucket})


def not_supported(what: str) -> ServiceError:
    """AWS has it, Stepwell does not."""
    text = f"Stepwell's S3 does not support {what}."
    return ServiceError("NotImplemented", text, status=501)
