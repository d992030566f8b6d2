"""Pages of things that are ordered by name. A token names the last one shown."""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.services.api import Params
from stepwell.services.paging import name_in, token_of
from stepwell.services.sqs.errors import invalid_parameter, invalid_value
from stepwell.services.sqs.limits import LIST_PAGE_MAX
from stepwell.services.sqs.parameters import integer, text


def cut(named: Mapping[str, str], params: Params) -> tuple[list[str], str | None]:
    """The page that MaxResults and NextToken ask for, and the token of the next one.

    Without MaxResults there is no token, and at most a thousand results, as AWS does.
    """
    most = integer(params, "MaxResults")
    if most is not None and not 1 <= most <= LIST_PAGE_MAX:
        raise invalid_value(
            most, "MaxResults", f"MaxResults must be an integer between 1 and {LIST_PAGE_MAX}."
        )
    token = text(params, "NextToken")
    after = _decode(token) if token else ""
    names = [name for name in sorted(named) if name > after]
    page = names[: most or LIST_PAGE_MAX]
    more = most is not None and len(names) > len(page)
    return [named[name] for name in page], token_of(page[-1]) if more else None


def _decode(token: str) -> str:
    try:
        return name_in(token)
    except ValueError:
        raise invalid_parameter("Invalid or expired next token.") from None
