"""Versions, aliases, asynchronous invocation and URLs of functions in stacks."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.deploy.catalog import TYPES
from stepwell.deploy.resource_type import Existing
from stepwell.errors import ServiceError
from tests.deploy.types.test_lambda_functions import FUNCTION, function
from tests.deploy.world import ACCOUNT, REGION, Deployed

VERSION = "AWS::Lambda::Version"
ALIAS = "AWS::Lambda::Alias"
INVOKE = "AWS::Lambda::EventInvokeConfig"
URL = "AWS::Lambda::Url"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:work"
ON = {"FunctionName": "work"}


async def made(deployed: Deployed) -> Existing:
    """The function `work`."""
    return await deployed.make(FUNCTION, function(FunctionName="work"))


async def test_a_version_is_what_the_function_is_now(deployed: Deployed) -> None:
    """A version has its ARN as reference; without a change there is no second one."""
    work = await made(deployed)
    version = await deployed.make(VERSION, {**ON, "Description": "one"})
    assert version.id == f"{ARN}:1"
    assert version.attributes == {"FunctionArn": version.id, "Version": "1"}
    assert await deployed.make(VERSION, {**ON, "Description": "one"}, repeated=True) == version
    with pytest.raises(ServiceError, match=r"A version for this Lambda function exists \( 1 \)"):
        await deployed.make(VERSION, ON, "Again")
    await deployed.change(FUNCTION, work, function(FunctionName="work", Timeout=9))
    provisioned = {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 2}}
    second = await deployed.make(VERSION, {**ON, **provisioned}, "Second")
    assert second.attributes["Version"] == "2"
    kept = await deployed.call("lambda", "GetProvisionedConcurrencyConfig", **ON, Qualifier="2")
    assert kept["RequestedProvisionedConcurrentExecutions"] == 2


async def test_a_version_that_is_gone_already_is_deleted(deployed: Deployed) -> None:
    """A version that is gone already, perhaps with its function, is deleted."""
    work = await made(deployed)
    version = await deployed.make(VERSION, ON)
    await deployed.drop(VERSION, version)
    await deployed.drop(VERSION, version)
    with pytest.raises(ServiceError, match="ResourceNotFound"):
        await deployed.call("lambda", "GetFunction", FunctionName=version.id)
    await deployed.drop(FUNCTION, work)
    await deployed.drop(VERSION, version)


async def test_an_alias_follows_the_template(deployed: Deployed) -> None:
    """An alias has its ARN as reference; version, weights and the rest follow the template."""
    work = await made(deployed)
    await deployed.make(VERSION, ON, "One")
    await deployed.change(FUNCTION, work, function(FunctionName="work", Timeout=9))
    await deployed.make(VERSION, ON, "Two")
    plain = {**ON, "Name": "live", "FunctionVersion": "1"}
    full = {
        **plain,
        "Description": "d",
        "RoutingConfig": {
            "AdditionalVersionWeights": [{"FunctionVersion": "2", "FunctionWeight": "0.1"}]
        },
        "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": "1"},
    }
    alias = await deployed.make(ALIAS, full)
    assert alias.id == f"{ARN}:live"
    assert alias.attributes == {"AliasArn": alias.id}
    shown = await deployed.call("lambda", "GetAlias", **ON, Name="live")
    assert shown["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.1}}
    assert shown["Description"] == "d"
    with pytest.raises(ServiceError, match="'work:live' already exists"):
        await deployed.make(ALIAS, full)
    assert await deployed.make(ALIAS, full, repeated=True) == alias
    await deployed.change(ALIAS, alias, {**plain, "FunctionVersion": "2"})
    shown = await deployed.call("lambda", "GetAlias", **ON, Name="live")
    assert (shown["FunctionVersion"], shown["Description"]) == ("2", "")
    assert "RoutingConfig" not in shown
    with pytest.raises(ServiceError, match="No Provisioned Concurrency"):
        await deployed.call("lambda", "GetProvisionedConcurrencyConfig", **ON, Qualifier="live")
    await deployed.drop(ALIAS, alias)
    await deployed.drop(FUNCTION, work)
    await deployed.drop(ALIAS, alias)


async def rules(deployed: Deployed) -> Any:
    """How the function is invoked asynchronously."""
    return await deployed.call("lambda", "GetFunctionEventInvokeConfig", **ON, Qualifier="$LATEST")


async def test_rules_of_asynchronous_invocation_follow_the_template(deployed: Deployed) -> None:
    """Rules of asynchronous invocation follow the template."""
    await made(deployed)
    on = {**ON, "Qualifier": "$LATEST"}
    full = {**on, "MaximumRetryAttempts": "0", "MaximumEventAgeInSeconds": 60}
    config = await deployed.make(INVOKE, full)
    assert config.id == "work|$LATEST"
    assert (await rules(deployed))["MaximumRetryAttempts"] == 0
    with pytest.raises(ServiceError, match="already exists"):
        await deployed.make(INVOKE, full)
    await deployed.make(INVOKE, full, repeated=True)
    target = {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"}}
    await deployed.change(INVOKE, config, {**on, "DestinationConfig": target})
    shown = await rules(deployed)
    assert "MaximumRetryAttempts" not in shown
    assert shown["DestinationConfig"] == target
    await deployed.drop(INVOKE, config)
    await deployed.drop(INVOKE, config)
    with pytest.raises(ServiceError, match="ResourceNotFound"):
        await rules(deployed)


async def test_a_url_has_the_function_as_reference(deployed: Deployed) -> None:
    """A URL has the function's ARN as reference, and its address as attribute."""
    work = await made(deployed)
    plain = {"TargetFunctionArn": work.attributes["Arn"], "AuthType": "NONE"}
    cors = {"AllowOrigins": ["*"], "MaxAge": "60"}
    url = await deployed.make(URL, {**plain, "Cors": cors})
    assert url.id == ARN
    shown = await deployed.call("lambda", "GetFunctionUrlConfig", **ON)
    assert url.attributes == {"FunctionArn": ARN, "FunctionUrl": shown["FunctionUrl"]}
    assert shown["Cors"] == {"AllowOrigins": ["*"], "MaxAge": 60}
    with pytest.raises(ServiceError, match="FunctionUrlConfig exists"):
        await deployed.make(URL, plain)
    assert await deployed.make(URL, plain, repeated=True) == Existing(
        "shop", "Thing", url.id, plain, url.attributes
    )
    await deployed.change(URL, url, {**plain, "AuthType": "AWS_IAM"})
    shown = await deployed.call("lambda", "GetFunctionUrlConfig", **ON)
    assert (shown["AuthType"], shown["Cors"]) == ("AWS_IAM", {})
    await deployed.drop(URL, url)
    await deployed.drop(URL, url)
    with pytest.raises(ServiceError, match="ResourceNotFound"):
        await deployed.call("lambda", "GetFunctionUrlConfig", **ON)


async def test_a_url_may_be_that_of_an_alias(deployed: Deployed) -> None:
    """A URL may be that of an alias, and goes alone."""
    work = await made(deployed)
    await deployed.make(VERSION, ON)
    await deployed.make(ALIAS, {**ON, "Name": "live", "FunctionVersion": "1"})
    plain = {"TargetFunctionArn": work.id, "AuthType": "NONE"}
    await deployed.make(URL, plain, "Whole")
    url = await deployed.make(URL, {**plain, "Qualifier": "live"}, "Live")
    assert url.id == f"{ARN}:live"
    await deployed.drop(URL, url)
    shown = await deployed.call("lambda", "ListFunctionUrlConfigs", **ON)
    assert [each["FunctionArn"] for each in shown["FunctionUrlConfigs"]] == [ARN]


def test_streamed_answers_are_found_beforehand() -> None:
    """Streamed answers are refused before anything is made."""
    review = TYPES[URL].review
    assert review is not None
    assert len(review({"InvokeMode": "RESPONSE_STREAM"})) == 1
    assert review({"InvokeMode": {"Ref": "Mode"}}) == []


async def renewal(deployed: Deployed, qualifier: str | None = None) -> Any:
    """When the runtime of `work` is renewed."""
    answer = await deployed.call("lambda", "GetRuntimeManagementConfig", **ON, Qualifier=qualifier)
    return answer["UpdateRuntimeOn"]


async def test_renewal_of_the_runtime_follows_the_template(deployed: Deployed) -> None:
    """When a runtime is renewed is kept for the function and for each version by itself."""
    work = await made(deployed)
    rarely = {"UpdateRuntimeOn": "FunctionUpdate"}
    given = function(FunctionName="work", RuntimeManagementConfig=rarely)
    work = await deployed.change(FUNCTION, work, given)
    await deployed.make(VERSION, {**ON, "RuntimePolicy": {"UpdateRuntimeOn": "Auto"}})
    assert (await renewal(deployed), await renewal(deployed, "1")) == ("FunctionUpdate", "Auto")
    await deployed.change(FUNCTION, work, function(FunctionName="work"))
    assert await renewal(deployed) == "Auto"
    manual = {"RuntimeManagementConfig": {"UpdateRuntimeOn": "Manual"}}
    with pytest.raises(ServiceError, match="runtime version ARN"):
        await deployed.make(FUNCTION, function(FunctionName="other", **manual), "Other")
    with pytest.raises(ServiceError, match="ResourceNotFound"):
        await deployed.call("lambda", "GetFunction", FunctionName="other")
