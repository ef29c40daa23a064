"""The reporter's page, as a reporter uses it. Each step ends when the next screen is there."""

from pathlib import Path

from tests.browser.kit import thread
from tests.browser.kit.driver import WAIT_SECONDS, Page
from tests.browser.kit.received import ReceivedFilesPage
from tests.browser.kit.thread import Message, at


class Reporter(ReceivedFilesPage):
    """A reporter at a page."""

    home = "thread"

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    @property
    def screen(self) -> str:
        """The screen that is shown: start, channel, write, receipt, confirm, sending, received, return, thread, ..."""
        return thread.screen(self.page)

    @property
    def problem(self) -> str:
        """The error on the page, or an empty string."""
        return self.page.text("#problem") if self.page.is_visible("#problem") else ""

    def arrive(self) -> None:
        """Open the address again, and wait until the page can be used."""
        self.page.go("about:blank")  # the same address with its fingerprint would not load again
        self.page.go(self.url)
        self.page.wait_for("#begin:enabled")

    def speak(self, language: str) -> None:
        """Choose "nl" or "en"."""
        self.page.click(f"#{language}")
        self.page.wait_until(f"document.documentElement.lang === '{language}'")

    def begin(self) -> None:
        """Want to report something."""
        self.page.click("#begin")
        at(self.page, "channel")

    def choose(self, channel: str, *, agree: bool = False) -> None:
        """Choose a channel, and agree that some of its recipients can't be reached."""
        self.page.click(f"#channel-{channel}")
        if agree:
            self.page.click(f"#agree-{channel}")
        self.page.click("#next")
        at(self.page, "write")

    def write(
        self, text: str, *, kind: str | None = None, rereadable: bool = True, pasted: bool = False
    ) -> None:
        """Write the report, by keys or pasted, and go on to the receipt."""
        if kind is not None:
            self.page.click(f"#kind-{kind}")
        if pasted:
            self.page.insert(text, into="#text")
        else:
            self.page.type(text, into="#text")
        if not rereadable:
            self.page.click("#rereadable")
        self.page.click("#next")
        at(self.page, "receipt")

    def attach(self, *files: Path) -> None:
        """Choose files, which then go up while the reporter goes on."""
        before = self.page.evaluate("document.querySelectorAll('.file').length")
        self.page.choose("#files-choose", *files)
        self.page.wait_until(f"document.querySelectorAll('.file').length >= {before + len(files)}")

    def files(self) -> dict[str, str]:
        """The files in the list, by name, and how far each is: waiting, uploading, paused, done, failed, changed."""
        row = "(e) => [e.querySelector('bdi').innerText, e.dataset.state]"
        return dict(self.page.evaluate(f"Array.from(document.querySelectorAll('.file'), {row})"))

    def files_arrived(self, timeout: float = WAIT_SECONDS) -> None:
        """Wait until all chosen files are at the server."""
        self.page.wait_until(
            "[...document.querySelectorAll('.file')].every((e) => e.dataset.state === 'done')", timeout
        )

    def receipt(self) -> str:
        """The receipt, once it is shown."""
        self.page.wait_for("#receipt-groups")
        return "-".join(self.page.texts("#receipt-groups li"))

    def confirm(self, receipt: str) -> None:
        """Go on, and type the two groups that are asked back. Then it can be sent."""
        if self.screen == "receipt":
            self.page.click("#next")
        at(self.page, "confirm")
        groups = receipt.split("-")
        for field in ("#group-1", "#group-2"):
            place = self.page.attribute(field, "data-group")
            assert place is not None
            self.page.type(groups[int(place) - 1], into=field)

    def send(self, timeout: float = WAIT_SECONDS) -> None:
        """Send it, until the page says that it is stored."""
        self.page.click("#send")
        self.page.wait_for("[data-screen=received]", timeout)

    def report(
        self,
        channel: str,
        text: str,
        *,
        kind: str | None = None,
        rereadable: bool = True,
        pasted: bool = False,
    ) -> str:
        """The whole way from the address to "received"; the receipt."""
        self.arrive()
        self.begin()
        self.choose(channel)
        self.write(text, kind=kind, rereadable=rereadable, pasted=pasted)
        receipt = self.receipt()
        self.confirm(receipt)
        self.send()
        return receipt

    def come_back(self, receipt: str) -> None:
        """Open the address again and return with a receipt, until the conversation is shown."""
        self.arrive()
        self.enter(receipt)
        self.page.click("#open")
        at(self.page, "thread")

    def enter(self, receipt: str) -> None:
        """Ask to return, and type a receipt, without opening."""
        self.page.click("#return")
        at(self.page, "return")
        self.page.type(receipt, into="#code")

    def get_files(self, place: int = 1) -> None:
        """Have what a recipient has sent along with a message, by its place."""
        self.page.click(f"#get-files-{place}")
        self.page.wait_for(f"#files-{place}")

    def messages(self) -> list[Message]:
        """The conversation."""
        return thread.messages(self.page)

    def notices(self) -> list[str]:
        """The codes of its notices."""
        return thread.notices(self.page)

    def refresh(self) -> None:
        """Look whether there is something new."""
        self.page.click("#refresh")
        self._done()

    def reply(self, text: str) -> None:
        """Write on, until it is stored."""
        self.page.type(text, into="#reply")
        self.page.click("#send-reply")
        self._done()

    def _done(self) -> None:
        self.page.wait_for("[data-screen=thread] #done")

    def delete(self) -> None:
        """Delete everything."""
        self.page.click("#delete")
        at(self.page, "delete")
        self.page.click("#delete-now")
        at(self.page, "deleted")

    def leave(self) -> None:
        """Leave by the page's own button."""
        self.page.click("#leave")
        self.page.wait_until("location.href === 'about:blank'")
