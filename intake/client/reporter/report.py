"""Sends a report (PROTOCOL 6.3). All of it is sealed before any of it is sent."""

from collections.abc import Collection
from dataclasses import dataclass, field

from crypto.public.blobs import build_claims
from crypto.public.directory_schema import REPORTER
from crypto.public.encoding import Random, b64, day_text, utc_day
from crypto.public.envelope_format import KeyBlock, creation_of
from crypto.public.errors import ERRORS, DrempelError
from crypto.public.limits import ENVELOPE_ID_LENGTH
from crypto.public.mailbox import verifier
from crypto.secret import codes
from crypto.secret.attachment import Attachment, claims_of
from crypto.secret.codes import reporter_keys
from crypto.secret.envelope_seal import Draft, make_stub, seal_opening
from crypto.secret.hpke_open import PrivateKey
from crypto.secret.message_pack import check_text
from intake.client.connection import Connection
from intake.client.message import attached
from intake.client.organisation import Organisation


@dataclass(frozen=True)
class SealedReport:
    """A report ready to be sent. The reporter keeps `receipt`; the server gets `body` and nothing else."""

    receipt: str = field(repr=False)
    mailbox: bytes
    envelope: bytes
    body: bytes = field(repr=False)


def addressees(organisation: Organisation, channel: str, without: Collection[str] = ()) -> list[str]:
    """The ids a report is sealed to; DrempelError if there are none, or fewer than the reporter has agreed to."""
    listed = organisation.channel(channel)
    missing = organisation.unreachable(listed)
    if len(missing) == len(listed["recipients"]):
        raise DrempelError("channel-closed", _why_not(organisation, missing))
    unasked = [id_ for id_ in missing if id_ not in without]
    if unasked:
        raise DrempelError("recipient-unreachable", _why_not(organisation, unasked))
    return [id_ for id_ in listed["recipients"] if id_ not in missing]


def _why_not(organisation: Organisation, missing: Collection[str]) -> str:
    """A sentence that names the recipients without a valid key, and each reason once."""
    reasons = {ERRORS[organisation.why_not[id_]].sentence: None for id_ in missing}
    return " ".join([f"Without a valid key: {', '.join(missing)}.", *reasons])


def check_kind(organisation: Organisation, channel: str, kind: str | None) -> None:
    """Raise DrempelError `kind-unknown`, with a list of kinds, if the channel does not take that kind of report."""
    kinds = organisation.channel(channel)["kinds"]
    if kind is not None and kind not in kinds:
        raise DrempelError("kind-unknown", f"It takes: {', '.join(kinds)}.")


def check_report(
    organisation: Organisation, channel: str, kind: str | None, text: str, without: Collection[str] = ()
) -> list[str]:
    """The ids of the recipients a report is sealed to; DrempelError if it can't be sent as asked."""
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
    """Seal a report to a channel under a new receipt; DrempelError if it can't be sent as asked."""
    to = check_report(organisation, channel, kind, text, without)
    directory = organisation.directory
    receipt = codes.new_code("receipt", random)
    keys = reporter_keys(codes.parse_code(receipt, "receipt"), directory.organisation)
    xwing = PrivateKey(keys.xwing_seed).public
    block = KeyBlock(
        keys.conversation, keys.read, keys.write, random(32), random(32), keys.signing_key, xwing
    )
    creation = creation_of(block, directory.organisation, verifier("delete", keys.delete))
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
        envelope=random(ENVELOPE_ID_LENGTH),
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
    """Send a sealed report to the server; it is durably stored when this returns."""
    path = f"mailboxes/{b64(report.mailbox)}/opening/{b64(report.envelope)}"
    await connection.request("PUT", path, body=report.body)
