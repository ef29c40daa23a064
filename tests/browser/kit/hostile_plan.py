"""An organisation whose every text is hostile, founded and served for real."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.kit.attacks import payload
from tests.kit.serving import Server, drempel

# What a text can do to a line: end it, turn it round, never break, hold half a template.
TURNED = "\u202eestemoc nepo\u202c \u2067\u2066\u200f"
HEBREW = "שלום עולם 123 مرحبا"
NOTHING = "a\u0000b\u0001\u001b[31m\u2028\u2029\ufeff\ufffe"
ENDLESS = "W" * 100_000
LONG = "W" * 3_000

ROUTE = (
    "https://elsewhere.test/%3Cscript%3Ewindow.__ran=1%3C/script%3E?q='\"><img/src/onerror=window.__ran=1>"
)


def hostile(name: str) -> str:
    """A text with something of everything but length."""
    return f"{payload(name)} {TURNED} {HEBREW} {NOTHING}"


CHANNEL = {
    "id": "first",
    "name": hostile("channel"),
    "description": hostile("description"),
    "informed": hostile("informed"),
    "route": hostile("route"),
}
KIND = hostile("kind")
PERSON = hostile("person")
ROLE = hostile("role")
ORGANISATION = hostile("organisation")


@dataclass(frozen=True)
class Serving:
    """Its service: the addresses without and with its fingerprint, and the access codes."""

    url: str
    pinned: str
    access_codes: dict[str, str]

    def report(self, text: str, channel: str = "first") -> dict[str, Any]:
        """A report by the command line, which takes what no keyboard gives."""
        fixed = ("--server", self.pinned, "--channel", channel, "--message-file", "-", "--json")
        return drempel("report", *fixed, stdin=text.encode("utf-8")).json

    def reply(self, mailbox: str, text: str) -> None:
        """An answer by the command line."""
        fixed = ("inbox", "reply", mailbox, "--server", self.pinned, "--message-file", "-", "--json")
        code = self.access_codes["person"]
        assert drempel(*fixed, stdin=text.encode("utf-8"), DREMPEL_ACCESS_CODE=code).status == 0


def _text(text: str) -> dict[str, str]:
    return {"nl": text, "en": text}


def _channel(id_: str, name: str, description: str, kind: str, recipient: str) -> dict[str, Any]:
    return {
        "id": id_,
        "name": _text(name),
        "description": _text(description),
        "kinds": [kind],
        "recipients": [recipient],
        "informed": [_text(CHANNEL["informed"]), _text(LONG)],
        "routes": [
            {"name": _text(CHANNEL["route"]), "url": ROUTE},
            {"name": _text(LONG), "url": f"https://elsewhere.test/{'u' * 2000}"},
        ],
    }


def _toml(value: Any) -> str:
    # Strings of JSON are strings of TOML, tables of JSON nearly are.
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


@contextmanager
def hostile_organisation(folder: Path) -> Iterator[Serving]:
    """Found it in a folder, and serve it."""
    plan = {
        "slug": "hostile",
        "languages": ["nl", "en"],
        "name": _text(ORGANISATION),
        "kinds": [{"id": "kind", "name": _text(KIND)}, {"id": "long", "name": _text(LONG)}],
        "recipients": [
            {"id": "person", "name": _text(PERSON), "role": _text(ROLE)},
            {"id": "long", "name": _text(LONG), "role": _text(LONG)},
        ],
        "channels": [
            _channel("first", CHANNEL["name"], CHANNEL["description"], "kind", "person"),
            _channel("long", LONG, ENDLESS, "long", "long"),
        ],
    }
    source = folder / "plan.toml"
    source.write_text("\n".join(f"{key} = {_toml(value)}" for key, value in plan.items()), "utf-8")
    data = folder / "data"
    founded = drempel("init", "--data", str(data), "--from", str(source), "--json").json
    server = Server(["serve", "--data", str(data), "--port", "0"], folder / "logs")
    try:
        url = f"{server.first_line.split()[-1]}hostile/"
        people = [it for channel in founded["channels"] for it in channel["recipients"]]
        codes = {it["id"]: it["access_code"] for it in people}
        yield Serving(url, f"{url}#{founded['fingerprint']}", codes)
        server.stop()
    finally:
        server.kill()
