"""The page of an exported conversation: it needs nothing, does nothing, and shows what was said for what it is."""

import base64
import hashlib
import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from crypto.public.directory import Directory, Quote, accept_directory
from crypto.public.directory_schema import REPORTER
from crypto.public.encoding import utc_day
from crypto.public.filename import safe_name
from crypto.secret.attachment import Attachment
from crypto.secret.conversation import Entry, Notice, Thread
from crypto.secret.message_unpack import Message
from crypto.secret.primitives import os_random
from intake.cli.export.page import NO_LINK, Conversation, Exported, page, visible
from intake.cli.operator.demo_organisation import PLAN
from intake.cli.shared.output import plain
from intake.client.custodian.found import found

HOSTILE = (
    "</div><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\"'\n\u202eesrever\u202c \x00\x1b[31m\u2028"
    "\u200d\u200c \U000e0041 e\u0301"
)
ENVELOPE = b"e" * 16


class Reader(HTMLParser):
    """The elements of a page, their attributes, and its text."""

    def __init__(self, data: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(data)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """A piece of text."""
        self.text += data


@pytest.fixture(scope="module")
def directory() -> Directory:
    return accept_directory(found(PLAN, utc_day(), os_random).directory, utc_day())


def conversation(directory: Directory, *, author: str = REPORTER, text: str = "Text.") -> Conversation:
    """A conversation of one message with one file."""
    attachment = Attachment(f"a\n{HOSTILE}.pdf", "text/html", 5, bytes(32), bytes(32))
    message = Message("report", author, utc_day(), Quote(1, bytes(32)), 0, (), {}, text, (attachment,))
    thread = Thread((Entry(ENVELOPE, bytes(32), message),), (Notice("gap"),), {})
    files = {ENVELOPE: [Exported(attachment, "a 100%? #1.pdf", "00" * 32)]}
    return Conversation(
        "A" * 43, "confidential-adviser", "wrongdoing", thread, directory, utc_day(), "somebody", files
    )


def test_a_hostile_text_stays_text(directory: Directory) -> None:
    read = Reader(page(conversation(directory, text=HOSTILE)).decode("utf-8"))
    plain = Reader(page(conversation(directory, text="Text.")).decode("utf-8"))
    tags = [tag for tag, _ in read.elements if tag != "span"]
    assert tags == [tag for tag, _ in plain.elements if tag != "span"]
    assert "</div><script>alert(1)</script>" in read.text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b\u2028\U000e0041]", read.text)
    assert "\u200d\u200c" in read.text, "joiners are part of words"


def test_it_allows_nothing_but_its_own_style(directory: Directory) -> None:
    data = page(conversation(directory)).decode("utf-8")
    read = Reader(data)
    [style] = re.findall(r"<style>(.*?)</style>", data, re.S)
    hash_ = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    [policy] = [given["content"] for _, given in read.elements if given.get("http-equiv")]
    assert policy == f"default-src 'none'; style-src 'sha256-{hash_}'; base-uri 'none'; form-action 'none'"
    assert {tag for tag, _ in read.elements}.isdisjoint(
        {"script", "img", "link", "iframe", "form", "object", "base"}
    )
    allowed = {"lang", "charset", "http-equiv", "content", "name", "class", "dir", "href"}
    assert {name for _, given in read.elements for name in given} <= allowed
    assert "://" not in data


def test_a_link_leads_to_the_file_and_says_what_it_is_called(directory: Directory) -> None:
    read = Reader(page(conversation(directory)).decode("utf-8"))
    [link] = [given for tag, given in read.elements if tag == "a"]
    assert link == {"href": "files/a%20100%25%3F%20%231.pdf"}
    assert "U+000A" in read.text
    assert "files/a 100%? #1.pdf" in read.text


# What a browser runs, hands to other programs, or looks into to find out what it is.
RUN = [
    ".html",
    ".htm",
    ".xhtml",
    ".xht",
    ".xml",
    ".xsl",
    ".svg",
    ".svgz",
    ".mht",
    ".shtml",
    ".js",
    ".css",
    ".swf",
]
OTHER = [".docx", ".zip", ".exe", ".part", ".text", ".log", ".tif", ".bmp", ".ico", ".mp4", ".json", ""]


@pytest.mark.parametrize("ending", [*RUN, *OTHER, ".pdf.html", " .pdf_html", ".PNG.HTM"])
def test_what_a_browser_might_run_has_no_link_and_says_why(directory: Directory, ending: str) -> None:
    shown = conversation(directory)
    [file] = shown.files[ENVELOPE]
    name = safe_name(f"letter{ending}", {})
    files = {ENVELOPE: [replace(file, name=name)]}
    read = Reader(page(replace(shown, files=files)).decode("utf-8"))
    assert "a" not in {tag for tag, _ in read.elements}
    assert f"files/{name}" in read.text
    assert file.sha256 in read.text
    assert NO_LINK in read.text


@pytest.mark.parametrize("ending", [".txt", ".png", ".jpg", ".JPEG", ".gif", ".webp", ".PDF"])
def test_what_a_browser_only_shows_has_a_link(directory: Directory, ending: str) -> None:
    shown = conversation(directory)
    [file] = shown.files[ENVELOPE]
    # Whatever its author calls it, and says of its type.
    attachment = replace(file.attachment, name="letter.html", type="text/html")
    files = {ENVELOPE: [replace(file, attachment=attachment, name=f"letter{ending}")]}
    read = Reader(page(replace(shown, files=files)).decode("utf-8"))
    assert [given["href"] for tag, given in read.elements if tag == "a"] == [f"files/letter{ending}"]
    assert NO_LINK not in read.text


def test_a_file_that_is_missing_has_no_link_but_its_reason(directory: Directory) -> None:
    shown = conversation(directory)
    [file] = shown.files[ENVELOPE]
    lost = {ENVELOPE: [replace(file, sha256="", problem="attachment-damaged")]}
    read = Reader(page(replace(shown, files=lost)).decode("utf-8"))
    assert "a" not in {tag for tag, _ in read.elements}
    assert "This file is damaged" in read.text


def test_files_of_others_are_warned_of_and_one_s_own_are_not(directory: Directory) -> None:
    shown = conversation(directory)
    for reader, warns in (("confidential-adviser-1", True), (REPORTER, False)):
        text = Reader(page(replace(shown, reader=reader)).decode("utf-8")).text
        assert ("a file can harm the device" in text) is warns
    assert "a file can harm" not in page(replace(shown, files={})).decode("utf-8")


def test_what_is_not_known_of_a_report_is_left_open(directory: Directory) -> None:
    text = Reader(page(replace(conversation(directory), channel=None, kind=None)).decode("utf-8")).text
    assert re.search(r"Channel\s*-\s*Kind of report\s*-\s*Conversation", text)


def test_people_have_the_names_of_the_directory_and_who_left_has_an_id(directory: Directory) -> None:
    for author, name in (
        (REPORTER, "The reporter"),
        ("confidential-adviser-2", "Confidential adviser 2"),
        ("somebody-who-left", "somebody-who-left"),
    ):
        read = Reader(page(conversation(directory, author=author)).decode("utf-8"))
        assert name in read.text
        assert "Example ministry" in read.text
        assert "Suspected wrongdoing" in read.text
        assert "A message that others refer to is missing." in read.text


def test_what_is_not_seen_is_shown_by_its_number_and_how_often() -> None:
    assert visible("a\u202e\u202e\x00b\r\nc") == (
        'a<span class="sign">U+202E ×2</span><span class="sign">U+0000</span>b\nc'
    )
    assert (
        visible("a\nb\t", line=True) == 'a<span class="sign">U+000A</span>b<span class="sign">U+0009</span>'
    )
    assert len(visible("\u202e" * 1_000_000)) < 100
    assert html.unescape(visible("<&>\"'")) == "<&>\"'"


ENDS = ["\n", "\r\n", "\r", "\u0085", "\u2028", "\u2029"]


@pytest.mark.parametrize("end", ENDS, ids=ascii)
def test_whatever_ends_a_line_ends_it_once(end: str) -> None:
    text = f"one{end}two{end}{end}three"
    assert visible(text) == plain(text) == "one\ntwo\n\nthree"
    # In a name nothing ends a line: there it would be a trick.
    assert all(f"U+{ord(letter):04X}" in visible(f"a{end}b", line=True) for letter in end)
    assert "\n" not in visible(f"a{end}b", line=True)


def test_different_ends_of_lines_stay_apart(directory: Directory) -> None:
    text = "".join(f"{number}{end}" for number, end in enumerate(ENDS))
    read = Reader(page(conversation(directory, text=text)).decode("utf-8"))
    assert "0\n1\n2\n3\n4\n5\n" in read.text
