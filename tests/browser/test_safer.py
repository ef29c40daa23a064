"""A reporter in Tor Browser at "Safer", imitated: no WebAssembly, no compiled JavaScript, fingerprinting resisted."""

from tests.browser.conftest import BrowserLauncher
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.whole_path import ANSWER, CHANNEL, KIND, MORE, RECIPIENT, TEXT
from tests.kit.serving import Demo

# There is no screen beyond the window where fingerprinting is resisted.
SAFER = "typeof WebAssembly === 'undefined' && screen.width === innerWidth && screen.height === innerHeight"


def test_a_reporter_at_safer_reports_reads_writes_on_and_deletes(launch: BrowserLauncher, demo: Demo) -> None:
    reporter = Reporter(launch("firefox", safer=True), demo.pinned)
    reporter.arrive()
    assert reporter.page.evaluate(SAFER)
    assert not reporter.page.is_visible("#unencrypted")
    receipt = reporter.report(CHANNEL, TEXT, kind=KIND)
    reporter.leave()

    [row] = demo.inbox(RECIPIENT, "list").json["conversations"]
    assert (row["channel"], row["kind"]) == (CHANNEL, KIND)
    shown = demo.inbox(RECIPIENT, "show", row["id"]).json
    assert [it["body"] for it in shown["messages"]] == [TEXT]
    demo.inbox(RECIPIENT, "reply", row["id"], text=ANSWER)

    reporter.come_back(receipt)
    assert [(it.own, it.text) for it in reporter.messages()] == [(True, TEXT), (False, ANSWER)]
    reporter.reply(MORE)
    assert [it.text for it in reporter.messages()] == [TEXT, ANSWER, MORE]
    assert reporter.notices() == []
    shown = demo.inbox(RECIPIENT, "show", row["id"]).json
    assert [it["body"] for it in shown["messages"]] == [TEXT, ANSWER, MORE]
    reporter.delete()
    demo.receipt(receipt, "read").refused("No report belongs", receipt)
    assert reporter.page.errors() == []
