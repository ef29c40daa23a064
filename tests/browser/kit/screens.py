"""Every screen of both pages and what it is like in each state, one after the other, with a fake Worker."""

from dataclasses import dataclass

from tests.browser.kit.driver import Page
from tests.browser.kit.fake_worker_pages import FakeWorker
from tests.browser.kit.thread import at

RECEIPT = "timiz-natah-monub-samaj-vumun-ritod-fulum-paduk"
ACCESS_CODE = "timiz-natah-monub-samaj-vumun-ritod-fulum-ratub"
MALFORMED = "timiz-natxh-mon"
SLIPS = {"receipt": RECEIPT[:-1] + "t", "access": ACCESS_CODE[:-1] + "t"}


@dataclass(frozen=True)
class Screen:
    """A screen that is shown now. `focus` is where the keyboard must be, or nothing where that does not matter."""

    name: str
    focus: str = "h1"
    full: bool = True  # worth seeing in its whole length
    scripts: bool = True  # run here, so that axe can


@dataclass(frozen=True)
class Walker:
    """Goes through the screens of a page, in a language, and says which one is shown."""

    page: Page
    fake_worker: FakeWorker
    language: str

    def open(self, path: str, css: str, **answers: str) -> None:
        """Load a page again, until it shows something; from then on its worker gives these answers."""
        self.fake_worker.set(**answers)
        self.page.go("about:blank")
        self.page.go(f"{self.fake_worker.url}{path}")
        self.page.wait_for(css)
        if self.fake_worker.scripts:
            self.page.wait_for(f"html[lang={self.language}]")

    def press(self, css: str, screen: str, **answers: str) -> None:
        """Press a button, which leads to a screen, while the worker gives these answers."""
        self.fake_worker.set(**answers)
        self.page.click(css)
        at(self.page, screen)

    def refused(self, css: str, **answers: str) -> None:
        """Press a button in vain."""
        self.fake_worker.set(**answers)
        self.page.click(css)
        self.page.wait_for("#problem")
