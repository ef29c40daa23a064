"""A conversation on the real service, whose envelopes a test can take, forge, move and drop."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx

from crypto.public.answers import MailboxAnswer, StoredEnvelope, build_mailbox_answer, parse_mailbox_answer
from crypto.public.encoding import b64, day_text, hash_labelled, unb64, utc_day
from crypto.public.envelope_format import envelope_hash
from crypto.public.signatures import parse_dsse
from crypto.secret.codes import ReporterKeys, parse_code, reporter_keys
from crypto.secret.envelope_seal import ConversationPlace, seal_conversation
from crypto.secret.primitives import os_random
from tests.browser.kit.attacks import instead
from tests.browser.kit.custodian import Custodian, content_of
from tests.browser.kit.http_relay import Tamper
from tests.kit.serving import Demo

Envelopes = list[StoredEnvelope]

REPORT = "Wat ik zag."
ANSWER = "Wie was daar nog bij?"
MORE = "Twee mensen van inkoop."
ALL = [REPORT, ANSWER, MORE]


@dataclass(frozen=True)
class Talk:
    """A report, an answer to it, and what the reporter wrote after it: three envelopes, in this order."""

    demo: Demo
    kind: str
    receipt: str
    keys: ReporterKeys
    organisation: bytes
    ids: tuple[bytes, ...]

    def stored(self) -> Envelopes:
        """Its envelopes on the honest server, in their order."""
        found = {item.id: item for item in self.answer().envelopes}
        return [found[id_] for id_ in self.ids]

    def answer(self) -> MailboxAnswer:
        """Its mailbox on the honest server."""
        address = f"{self.demo.url}api/1/mailboxes/{b64(self.keys.mailbox)}"
        got = httpx.get(address, headers={"Authorization": f"Bearer {b64(self.keys.read)}"})
        return parse_mailbox_answer(got.raise_for_status().content, self.keys.read)

    def showing(self, change: Callable[[Envelopes], Envelopes]) -> Tamper:
        """A server that answers every look at this conversation with other envelopes."""

        def rebuilt(data: bytes) -> bytes:
            answer = parse_mailbox_answer(data, self.keys.read)
            order = {id_: place for place, id_ in enumerate(self.ids)}
            there = sorted(answer.envelopes, key=lambda item: order.get(item.id, len(order)))
            return build_mailbox_answer(self.keys.read, answer.creation, change(there))

        return instead(f"mailboxes/{b64(self.keys.mailbox)}", rebuilt)

    def forged(self, author: str, text: str, seed: bytes, **changes: Any) -> StoredEnvelope:
        """A message under the conversation's own key, in the name of `author`, signed with a seed."""
        envelope = os_random(16)
        last = self.stored()[-1]
        meta = {
            "kind": "message",
            "author": author,
            "day": day_text(utc_day()),
            "directory": self._quote(),
            "counter": len(self.ids),
            "parents": [b64(envelope_hash(self.keys.mailbox, last.id, last.data))],
            **changes,
        }
        place = ConversationPlace(self.organisation, self.keys.mailbox, envelope)
        data = seal_conversation(place, self.keys.conversation, meta, text, seed, os_random)
        return StoredEnvelope(envelope, utc_day(), data)

    def _quote(self) -> dict[str, Any]:
        served = Custodian(self.demo).served()
        hash_ = hash_labelled("directory", parse_dsse(served).payload)
        return {"version": content_of(served)["version"], "hash": b64(hash_)}


def talk_in(demo: Demo, kind: str, recipient: str = "confidential-adviser-1") -> Talk:
    """A new conversation about a kind of report, made by the command line."""
    sent = demo.report(REPORT, "--kind", kind).json
    answered = demo.inbox(recipient, "reply", sent["mailbox"], text=ANSWER).json
    more = demo.receipt(sent["receipt"], "write", text=MORE).json
    organisation = unb64(demo.codes["fingerprint"], 32)
    keys = reporter_keys(parse_code(sent["receipt"], "receipt"), organisation)
    talk = Talk(demo, kind, sent["receipt"], keys, organisation, ())
    later = (unb64(answered["envelope"]), unb64(more["envelope"]))
    [opening] = (item.id for item in talk.answer().envelopes if item.id not in later)
    return replace(talk, ids=(opening, *later))
