"""What SQS answers when it refuses, in AWS's words.

Codes are the ones of the JSON protocol; the gateway knows how the Query protocol spells them.
"""

from __future__ import annotations

from stepwell.errors import ServiceError


def queue_does_not_exist() -> ServiceError:
    """No queue of that name or URL."""
    return ServiceError("QueueDoesNotExist", "The specified queue does not exist.")


def missing_parameter(name: str) -> ServiceError:
    """A required member is absent or empty."""
    return ServiceError("MissingParameter", f"The request must contain the parameter {name}.")


def invalid_parameter(message: str) -> ServiceError:
    """A member whose value cannot be; the message is the whole sentence."""
    return ServiceError("InvalidParameterValue", message)


def invalid_value(value: object, name: str, reason: str) -> ServiceError:
    """A member whose value cannot be, told in AWS's usual form."""
    return invalid_parameter(f"Value {value} for parameter {name} is invalid. Reason: {reason}")


def unknown_attribute(name: str) -> ServiceError:
    """A queue or system attribute that does not exist for this queue."""
    return ServiceError("InvalidAttributeName", f"Unknown Attribute {name}.")


def invalid_attribute_value(name: str) -> ServiceError:
    """A queue attribute whose value is out of its range."""
    return ServiceError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")


def resource_not_found(message: str) -> ServiceError:
    """A queue or task named by ARN or handle that is not there."""
    return ServiceError("ResourceNotFoundException", message, status=404)


def invalid_receipt_handle(handle: str) -> ServiceError:
    """The text was never a receipt handle of this queue."""
    return ServiceError(
        "ReceiptHandleIsInvalid",
        f'The input receipt handle "{handle}" is not a valid receipt handle.',
    )


def expired_receipt_handle(handle: str) -> ServiceError:
    """FIFO: the message was given to somebody else since, or waits for it."""
    return invalid_value(handle, "ReceiptHandle", "The receipt handle has expired.")
