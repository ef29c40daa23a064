"""One whole path between two people's browsers, and all that must be found nowhere but in them."""

from dataclasses import dataclass

from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter
from tests.kit.codes import add_access_code, add_receipt
from tests.kit.secret_search import Secrets
from tests.kit.serving import Demo

TEXT = "The director signed for deliveries that never came, in March and in May."
ANSWER = "Thank you. Which deliveries do you mean, and who else has seen the papers?"
MORE = "The gravel of the second contract; nobody but me has the delivery notes."
CHANNEL, KIND = "integrity-committee", "wrongdoing"
RECIPIENT = "integrity-committee-1"


@dataclass(frozen=True)
class Walk:
    """Two people at their pages."""

    demo: Demo
    reporter: Reporter
    inbox: Inbox

    @property
    def code(self) -> str:
        """The recipient's access code."""
        return self.demo.access_codes[RECIPIENT]

    def report(self) -> str:
        """Report, and leave; the receipt."""
        receipt = self.reporter.report(CHANNEL, TEXT, kind=KIND)
        self.reporter.leave()
        return receipt

    def answer(self) -> None:
        """Sign in, read it, answer it, and lock."""
        self.inbox.open(self.code)
        assert [it.text for it in self.inbox.read(self.inbox.fresh())] == [TEXT]
        self.inbox.reply(ANSWER)
        self.inbox.back()
        self.inbox.lock()

    def follow(self, receipt: str) -> None:
        """Come back, read the answer, and write again."""
        self.reporter.come_back(receipt)
        assert [it.text for it in self.reporter.messages()] == [TEXT, ANSWER]
        self.reporter.reply(MORE)
        assert [it.text for it in self.reporter.messages()] == [TEXT, ANSWER, MORE]

    def whole(self) -> str:
        """From the report until everything is deleted; the receipt."""
        receipt = self.report()
        self.answer()
        self.follow(receipt)
        self.reporter.delete()
        return receipt

    def secrets(self, receipt: str) -> Secrets:
        """The texts of the walk, both codes, and the keys they give."""
        found = Secrets()
        add_receipt(found, receipt, self.demo.codes["fingerprint"])
        add_access_code(found, self.code, self.demo.codes["fingerprint"])
        for name, text in (("text", TEXT), ("answer", ANSWER), ("more", MORE)):
            found.text(name, text)
        return found
