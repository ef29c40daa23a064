"""The members of a directory, their types and their checks (PROTOCOL 9.1; 9.4 step 6)."""

import re
from collections.abc import Iterable
from typing import Any, NotRequired, TypedDict, cast

from crypto.public.encoding import day_number, is_id, is_number, unb64
from crypto.public.limits import SLOT_COUNTS

_MOST_DAYS = 366
MOST_CHANNELS = 64
MOST_KINDS = 64
MOST_RECIPIENTS = 256
MOST_FORMER = 4096
MOST_ROUTES = 16
_LONGEST_URL = 2048
REPORTER = "reporter"
RETENTION_DAYS = (1, 3650)
# A page makes a link of it, which must not run a script. Visible ASCII only: RFC 3986 allows no other characters, and
# white space or a look-alike letter would hide where the link leads.
_ROUTE_URL = re.compile(r"(?:https?://|mailto:|tel:)[!-~]+")

Text = dict[str, str]
"""A text by language."""


class SignatureMember(TypedDict):
    """One signature of a DSSE envelope, as JSON."""

    keyid: str
    sig: str


class DsseMember(TypedDict):
    """A DSSE envelope, as JSON."""

    payloadType: str
    payload: str
    signatures: list[SignatureMember]


class SignersMember(TypedDict):
    """A set of signers, as JSON: how many of the keys must sign."""

    threshold: int
    keys: list[str]


class KindOfReport(TypedDict):
    """A subject that a report may have."""

    id: str
    name: Text


class Route(TypedDict):
    """Another way to report, outside of this service."""

    name: Text
    url: str


class Channel(TypedDict):
    """A group of recipients that a reporter chooses; `kinds` and `recipients` are ids."""

    id: str
    name: Text
    description: Text
    kinds: list[str]
    recipients: list[str]
    informed: list[Text]
    routes: list[Route]


class Recipient(TypedDict):
    """A person who reads the reports of a channel."""

    id: str
    name: Text
    role: Text
    signing_key: str


class Former(TypedDict):
    """A key that a recipient no longer signs with, and the last version in which they did (PROTOCOL 9.6)."""

    id: str
    signing_key: str
    channels: list[str]
    until: int


class Policy(TypedDict):
    """For how many days reports are kept, and by when a reporter hears from a recipient."""

    retention_days: int
    acknowledge_days: int
    feedback_days: int


class Content(TypedDict):
    """A directory's payload. Members that a later version adds may be there as well."""

    organisation: str
    version: int
    history: list[str]
    issued: str
    expires: str
    signers: SignersMember
    first_signers: NotRequired[SignersMember]
    rotations: list[DsseMember]
    slug: str
    name: Text
    languages: list[str]
    slots: int
    kinds: list[KindOfReport]
    channels: list[Channel]
    recipients: list[Recipient]
    former: list[Former]
    policy: Policy


def _need(condition: object, what: str) -> None:
    if not condition:
        raise ValueError(what)


def _is_text(value: object) -> bool:
    """`{language: text}` with at least one language."""
    return (
        isinstance(value, dict)
        and len(value) > 0
        and all(is_id(language) and isinstance(text, str) for language, text in value.items())
    )


def _is_url(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_URL and _ROUTE_URL.fullmatch(value) is not None


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(what)
    return value


def _objects(value: object, what: str, most: int) -> list[dict[str, Any]]:
    items = _list(value, what)
    _need(len(items) <= most and all(isinstance(item, dict) for item in items), what)
    return items


def _ids(value: object, allowed: Iterable[str], what: str) -> None:
    """Check a list of ids, each once and each one of `allowed`."""
    items = _list(value, what)
    _need(all(is_id(item) for item in items), what)
    _need(len(set(items)) == len(items) and set(items) <= set(allowed), what)


def _unique(items: list[dict[str, Any]], what: str) -> list[str]:
    ids = [item.get("id") for item in items]
    _need(all(is_id(id_) for id_ in ids) and len(set(ids)) == len(ids), what)
    return [str(id_) for id_ in ids]


def _check_channel(item: dict[str, Any], kinds: list[str], recipients: list[str], slots: int) -> None:
    _need(_is_text(item.get("name")) and _is_text(item.get("description")), "a channel's name or description")
    _ids(item.get("kinds"), kinds, "a channel's kinds")
    _ids(item.get("recipients"), recipients, "a channel's recipients")
    _need(len(item["recipients"]) <= slots, "a channel has more recipients than slots")
    informed = _list(item.get("informed"), "who else is informed")
    _need(all(_is_text(text) for text in informed), "who else is informed")
    for route in _objects(item.get("routes"), "a channel's routes", MOST_ROUTES):
        _need(_is_text(route.get("name")), "the name of a channel's route")
        _need(
            _is_url(route.get("url")),
            "the url of a channel's route: https, http, mailto or tel, without spaces",
        )


def _check_people(content: dict[str, Any]) -> list[str]:
    recipients = _objects(content.get("recipients"), "recipients", MOST_RECIPIENTS)
    for item in recipients:
        _need(_is_text(item.get("name")) and _is_text(item.get("role")), "a recipient's name or role")
        unb64(item.get("signing_key"), 32)
    for item in _objects(content.get("former"), "former recipients", MOST_FORMER):
        _need(is_id(item.get("id")) and is_number(item.get("until"), 1), "former recipients")
        channels = _list(item.get("channels"), "former recipients")
        _need(all(is_id(channel) for channel in channels), "former recipients")
        unb64(item.get("signing_key"), 32)
    ids = _unique(recipients, "recipients' ids")
    # A message's author is "reporter" or a recipient's id: one word must not mean both.
    _need(REPORTER not in ids, "a recipient's id")
    return ids


def _check_head(content: dict[str, Any]) -> None:
    _need(is_number(content.get("version"), 1, 2**32 - 1), "version")
    for item in _list(content.get("history"), "history"):
        unb64(item, 32)
    issued, expires = day_number(content.get("issued")), day_number(content.get("expires"))
    _need(0 <= expires - issued <= _MOST_DAYS, "validity")
    _need(is_id(content.get("slug")) and _is_text(content.get("name")), "slug or name")
    languages = _list(content.get("languages"), "languages")
    _need(languages and all(is_id(item) for item in languages), "languages")
    _need(content.get("slots") in SLOT_COUNTS and is_number(content.get("slots")), "slots")


def check_form(content: dict[str, Any]) -> Content:
    """The same object as a Content; ValueError names the member at fault.

    Its signers and rotations have been read before this (PROTOCOL 9.4 step 4).
    """
    _check_head(content)
    kinds = _objects(content.get("kinds"), "kinds", MOST_KINDS)
    _need(all(_is_text(item.get("name")) for item in kinds), "kinds' names")
    kind_ids = _unique(kinds, "kinds' ids")
    recipients = _check_people(content)
    channels = _objects(content.get("channels"), "channels", MOST_CHANNELS)
    _unique(channels, "channels' ids")
    for item in channels:
        _check_channel(item, kind_ids, recipients, content["slots"])
    [policy] = _objects([content.get("policy")], "policy", 1)
    _need(is_number(policy.get("retention_days"), *RETENTION_DAYS), "policy")
    _need(
        all(is_number(policy.get(name), 0, 3650) for name in ("acknowledge_days", "feedback_days")), "policy"
    )
    return cast(Content, content)
