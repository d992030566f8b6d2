"""`AWS::Serverless-2016-10-31`, carried out by AWS's own translator.

It is imported when first needed, because that takes more than a second. It keeps the region in a
class and changes what it is given; so one translation runs at a time, each on a copy. Nothing here
reaches a network: the translator has the list of AWS's managed policies with it, and what it would
ask a repository of applications for is refused beforehand.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from stepwell.deploy.refusals import refused
from stepwell.deploy.scope import Scope
from stepwell.deploy.sections import SAM
from stepwell.deploy.shaping import as_text
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue, decode, encode

APPLICATION = "AWS::Serverless::Application"

_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Session:
    """What the translator wants of an AWS session."""

    region_name: str


def translated(document: JsonObject, scope: Scope) -> JsonObject:
    """The document in plain CloudFormation. Raises ServiceError with the translator's findings."""
    _refuse_repository(document)
    copy = cast("JsonObject", decode(encode(document)))
    with _one_at_a_time:
        made = _translate(copy, _parameters(scope.parameters), scope.region)
    found = decode(encode(made))
    assert isinstance(found, dict)
    return found


def _translate(document: JsonObject, parameters: dict[str, str], region: str) -> Any:
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator
    from samtranslator.utils.py27hash_fix import (
        to_py27_compatible_template,
        undo_mark_unicode_str_in_template,
    )

    # What it logs is for those who run it as a service.
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)
    # Logical ids of deployments and versions are hashes that depend on this step, as AWS's do.
    to_py27_compatible_template(document, parameters)
    translator = Translator(None, Parser(), boto_session=_Session(region))
    try:
        made = translator.translate(
            document, parameter_values=parameters, get_managed_policy_map=dict
        )
    except InvalidDocumentException as error:
        causes = sorted(cause.message for cause in error.causes)
        raise _failed(" ".join([error.message, *causes])) from error
    except Exception as error:
        # The translator stumbles over values that nobody would write; it is a template's fault.
        raise _failed(f"Internal transform failure. ({type(error).__name__}: {error})") from error
    return undo_mark_unicode_str_in_template(made)


def _parameters(values: Mapping[str, JsonValue]) -> dict[str, str]:
    """The parameters as the translator wants them: lists in one text."""
    return {
        name: ",".join(as_text(item) for item in value)
        if isinstance(value, list)
        else as_text(value)
        for name, value in values.items()
    }


def _refuse_repository(document: JsonObject) -> None:
    resources = document.get("Resources")
    found = [
        name
        for name, resource in (resources.items() if isinstance(resources, dict) else ())
        if isinstance(resource, dict) and resource.get("Type") == APPLICATION
        if not isinstance(_location(resource), str)
    ]
    if found:
        listed = ", ".join(found)
        raise _failed(
            "This server has no Serverless Application Repository: the Location of "
            f"[{listed}] must be the URL of a template"
        )


def _location(resource: JsonObject) -> JsonValue:
    properties = resource.get("Properties")
    return properties.get("Location") if isinstance(properties, dict) else None


def _failed(reason: str) -> ServiceError:
    return refused(f"Transform {SAM} failed with: {reason}")
