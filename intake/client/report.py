"""Sending a report (PROTOCOL 6.3): all is sealed before anything is sent."""

from collections.abc import Collection
from dataclasses import dataclass, field

from crypto import codes, hpke, wire
from crypto.attachment import Attachment, claims_of
from crypto.claims import build_claims
from crypto.codes import reporter_keys
from crypto.encoding import Random, b64, day_text, utc_day
from crypto.envelope import Draft, KeyBlock, make_stub, seal_opening
from crypto.errors import ERRORS, DrempelError
from crypto.message import REPORTER, check_text
from intake.client.connection import Connection
from intake.client.organisation import Organisation
from intake.client.sending import attached


@dataclass(frozen=True)
class SealedReport:
    """A report ready to be sent. `receipt` is the one thing to keep; `body` is all that the server gets."""

    receipt: str = field(repr=False)
    mailbox: bytes
    envelope: bytes
    body: bytes = field(repr=False)


def addressees(organisation: Organisation, channel: str, without: Collection[str] = ()) -> list[str]:
    """Who a report to a channel is sealed to; DrempelError if that is nobody, or fewer than the reporter agreed to."""
    listed = organisation.channel(channel)
    missing = organisation.unreachable(listed)
    if len(missing) == len(listed["recipients"]):
        raise DrempelError("channel-closed", _why_not(organisation, missing))
    unasked = [id_ for id_ in missing if id_ not in without]
    if unasked:
        raise DrempelError("recipient-unreachable", _why_not(organisation, unasked))
    return [id_ for id_ in listed["recipients"] if id_ not in missing]


def _why_not(organisation: Organisation, missing: Collection[str]) -> str:
    """Who has no valid key, and the reasons, each once."""
    reasons = {ERRORS[organisation.why_not[id_]].sentence: None for id_ in missing}
    return " ".join([f"Without a valid key: {', '.join(missing)}.", *reasons])


def check_kind(organisation: Organisation, channel: str, kind: str | None) -> None:
    """DrempelError `kind-unknown`, naming those there are, if the channel does not take that kind of report."""
    kinds = organisation.channel(channel)["kinds"]
    if kind is not None and kind not in kinds:
        raise DrempelError("kind-unknown", f"It takes: {', '.join(kinds)}.")


def check_report(
    organisation: Organisation, channel: str, kind: str | None, text: str, without: Collection[str] = ()
) -> list[str]:
    """Who it is sealed to; DrempelError if a report can't be sent as asked."""
    check_kind(organisation, channel, kind)
    to = addressees(organisation, channel, without)
    check_text(text)
    return to


def seal_report(
    organisation: Organisation,
    channel: str,
    kind: str | None,
    text: str,
    random: Random,
    *,
    rereadable: bool = True,
    without: Collection[str] = (),
    attachments: Collection[Attachment] = (),
) -> SealedReport:
    """The sealed report to a channel, with a fresh receipt. DrempelError if it can't be sent as asked."""
    to = check_report(organisation, channel, kind, text, without)
    directory = organisation.directory
    receipt = codes.new_code("receipt", random)
    keys = reporter_keys(codes.parse_code(receipt, "receipt"), directory.organisation)
    xwing = hpke.PrivateKey(keys.xwing_seed).public
    block = KeyBlock(
        keys.conversation, keys.read, keys.write, random(32), random(32), keys.signing_key, xwing
    )
    creation = block.creation(directory.organisation, wire.verifier("delete", keys.delete))
    meta = {
        "kind": "report",
        "author": REPORTER,
        "day": day_text(utc_day()),
        "directory": directory.quote.to_json(),
        "counter": 0,
        "parents": [],
        "to": to,
        "channel": channel,
        "report": kind,
        **attached(attachments),
    }
    draft = Draft(
        creation=creation,
        envelope=random(wire.ENVELOPE_ID_LENGTH),
        week=organisation.week,
        slots=directory.slots,
        recipient_keys=[organisation.week_keys[id_] for id_ in to],
        keys=block,
        meta=meta,
        text=text,
        signing_seed=keys.signing_seed,
    )
    stub = make_stub(directory.signers.hash, directory.quote, channel, rereadable=rereadable, random=random)
    opening, _ = seal_opening(draft, random, stub_key=keys.stub, stub=stub)
    body = creation.to_bytes() + build_claims(claims_of(attachments)) + opening
    return SealedReport(receipt, creation.mailbox, draft.envelope, body)


async def send_report(connection: Connection, report: SealedReport) -> None:
    """Bring a sealed report to the server; when this returns it is stored durably."""
    path = f"mailboxes/{b64(report.mailbox)}/opening/{b64(report.envelope)}"
    await connection.request("PUT", path, body=report.body)
