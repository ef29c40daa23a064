"""The browser's half, under node, and the command line meet on a real server: each reads what the other seals."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

import httpx

from crypto.public import signatures
from crypto.public.encoding import b64, day_text, unb64, utc_day
from crypto.secret.codes import access_keys, parse_code, reporter_keys
from tests.kit.serving import LONGEST, Demo
from tests.project import ROOT

ADVISER, COLLEAGUE = "confidential-adviser-1", "confidential-adviser-2"
TEXT = "First line\r\n\u20ac 40,000 \U0001f6a8 \u202ereversed\u202c \x00 end"


@dataclass
class Browser:
    """Seals and opens in JavaScript; only carries bytes itself."""

    demo: Demo
    token: str = ""

    def http(self, method: str, path: str, body: Any = b"", **headers: str) -> httpx.Response:
        """A request below the API; its answer, which must be a success."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = f"{self.demo.url}api/1/{path}"
        response = httpx.request(method, address, content=sent, headers=named, trust_env=False)
        assert response.status_code in (200, 204), f"{method} {path}: {response.status_code}"
        return response

    def get(self, path: str, token: str = "") -> bytes:
        """The bytes of an answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.http("GET", path, **headers).content

    def script(self, command: str, **given: Any) -> Any:
        """What `tests/js/kit/peer.js` makes of it."""
        common = {
            "command": command,
            "directory": b64(self.get("directory")),
            "day": day_text(utc_day()),
            "pin": self.demo.codes["fingerprint"],
        }
        run = subprocess.run(
            ["node", "tests/js/kit/peer.js"],
            cwd=ROOT,
            input=json.dumps({**common, **given}),
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        answer = json.loads(run.stdout)
        assert "error" not in answer, answer
        return answer

    def mailbox_answer(self, receipt: str) -> str:
        """What a return visit gets."""
        keys = reporter_keys(parse_code(receipt, "receipt"), unb64(self.demo.codes["fingerprint"]))
        return b64(self.get(f"mailboxes/{b64(keys.mailbox)}", b64(keys.read)))

    def put_message(self, sealed: dict[str, str]) -> None:
        """Store a sealed message."""
        path = f"mailboxes/{sealed['mailbox']}/envelopes/{sealed['envelope']}"
        self.http("PUT", path, unb64(sealed["body"]), Authorization=f"Bearer {sealed['write']}")

    def sign_in(self, recipient: str) -> str:
        """The access code of a recipient who is signed in then."""
        code, organisation = self.demo.access_codes[recipient], unb64(self.demo.codes["fingerprint"])
        keys = access_keys(parse_code(code, "access"), organisation)
        challenge = unb64(json.loads(self.http("POST", "sign-in/challenge").content)["challenge"])
        signature = signatures.sign(keys.login_seed, signatures.SIGN_IN, organisation + challenge)
        body = {
            "login_key": b64(keys.login_key),
            "challenge": b64(challenge),
            "signature": b64(signature),
        }
        self.token = json.loads(self.http("POST", "sign-in", body).content)["token"]
        return code


def bodies(messages: list[dict[str, Any]], name: str = "body") -> list[str]:
    return [message[name] for message in messages]


def test_the_command_line_reads_and_answers_what_a_browser_seals(demo: Demo) -> None:
    browser = Browser(demo)
    sealed = browser.script(
        "seal-report",
        keys=json.loads(browser.get("keys")),
        channel="confidential-adviser",
        kind="integrity",
        text=TEXT,
        rereadable=True,
    )
    path = f"mailboxes/{sealed['mailbox']}/opening/{sealed['envelope']}"
    browser.http("PUT", path, unb64(sealed["body"]))
    for recipient in (ADVISER, COLLEAGUE):
        shown = demo.inbox(recipient, "show", sealed["mailbox"]).json
        assert shown["kind"] == "integrity"
        assert bodies(shown["messages"]) == [TEXT]
        assert shown["notices"] == []
    assert demo.inbox(ADVISER, "reply", sealed["mailbox"], text="Answer: " + TEXT).json

    answer = browser.mailbox_answer(sealed["receipt"])
    read = browser.script("read-as-reporter", receipt=sealed["receipt"], mailbox_answer=answer)
    assert read["channel"] == "confidential-adviser"
    assert bodies(read["messages"], "text") == [TEXT, "Answer: " + TEXT]
    assert read["notices"] == []
    browser.put_message(
        browser.script("seal-message", receipt=sealed["receipt"], mailbox_answer=answer, text="More.")
    )
    # The command line comes back with the receipt that the browser made.
    seen = demo.receipt(sealed["receipt"], "read").json
    assert bodies(seen["messages"]) == [TEXT, "Answer: " + TEXT, "More."]
    assert seen["notices"] == []
    assert demo.receipt(sealed["receipt"], "delete").json == {"deleted": True}


def test_a_browser_reads_and_answers_what_the_command_line_seals(demo: Demo) -> None:
    browser = Browser(demo)
    sent = demo.report(TEXT, "--kind", "behaviour", "--not-rereadable").json
    access = browser.sign_in(COLLEAGUE)
    listing = json.loads(browser.get("inbox/days?from=1970-01-01", browser.token))
    days = [
        {"day": item["day"], "answer": b64(browser.get(f"inbox/days/{item['day']}", browser.token))}
        for item in listing["days"]
    ]
    response = browser.http("GET", "inbox/keyring", Authorization=f"Bearer {browser.token}")
    version, keyring = response.headers["ETag"], b64(response.content)
    answer = browser.mailbox_answer(sent["receipt"])
    read = browser.script(
        "read-as-recipient",
        access=access,
        keyring=keyring,
        days=days,
        mailbox=sent["mailbox"],
        mailbox_answer=answer,
    )
    assert sent["mailbox"] in bodies(read["conversations"], "mailbox")
    assert bodies(read["messages"], "text") == [TEXT]
    assert read["notices"] == []
    browser.put_message(
        browser.script(
            "reply-as-recipient",
            access=access,
            keyring=read["keyring"],
            mailbox=sent["mailbox"],
            mailbox_answer=answer,
            text="Answer: " + TEXT,
        )
    )
    headers = {"Authorization": f"Bearer {browser.token}", "If_Match": version}
    browser.http("PUT", "inbox/keyring", unb64(read["keyring"]), **headers)

    seen = demo.receipt(sent["receipt"], "read").json
    assert bodies(seen["messages"]) == ["Answer: " + TEXT]
    assert seen["messages"][0]["recipient"] == COLLEAGUE
    assert [notice["code"] for notice in seen["notices"]] == ["not-rereadable"]
    # The command line goes on with the keyring that the browser wrote.
    shown = demo.inbox(COLLEAGUE, "show", sent["mailbox"]).json
    assert bodies(shown["messages"]) == [TEXT, "Answer: " + TEXT]
    assert shown["notices"] == []
