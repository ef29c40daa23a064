"""The sealed path: a report, its answer and what follows, by mouse and keys, between two people's browsers."""

from tests.browser.conftest import BrowserLauncher
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter
from tests.kit.serving import Demo

REPORT = 'De aanbesteding was vooraf beslist.\n\nIk was erbij: <b>"vóór"</b> & 😀, 価格.'
ANSWER = "Dank u. Wie waren er nog meer bij?\nSchrijf alleen wat veilig is."
MORE = "Twee mensen van inkoop."


def test_report_answer_and_return(launch: BrowserLauncher, browser: str, demo: Demo) -> None:
    reporter = Reporter(launch(browser), demo.pinned)
    receipt = reporter.report("integrity-committee", REPORT, kind="wrongdoing")
    reporter.leave()

    inbox = Inbox(launch(browser), demo.pinned)
    inbox.open(demo.access_codes["integrity-committee-1"])
    assert [(it.own, it.text) for it in inbox.read(inbox.fresh())] == [(False, REPORT)]
    inbox.reply(ANSWER)
    assert [(it.own, it.text) for it in inbox.messages()] == [(False, REPORT), (True, ANSWER)]
    inbox.back()
    assert not any(it.fresh for it in inbox.conversations())

    reporter.come_back(receipt)
    assert [(it.own, it.text) for it in reporter.messages()] == [(True, REPORT), (False, ANSWER)]
    assert reporter.notices() == []
    reporter.reply(MORE)

    inbox.refresh()
    assert [(it.own, it.text) for it in inbox.read(inbox.fresh())] == [
        (False, REPORT),
        (True, ANSWER),
        (False, MORE),
    ]
    assert inbox.notices() == []
    inbox.back()
    inbox.lock()
    assert "aanbesteding" not in inbox.page.evaluate("document.documentElement.outerHTML")
    assert [*reporter.page.errors(), *inbox.page.errors()] == []
