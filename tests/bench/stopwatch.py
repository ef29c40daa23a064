"""Time as a page has it: from the press of a button until the next screen is drawn, and each call to the Worker.

The page's own clock takes it. The driver's would count the driver; it only asks now and then whether it is over.
"""

import json
import time
from dataclasses import dataclass
from typing import Any

from tests.browser.kit.driver import Page

# The calls are seen on their way to the Worker and back. A stopwatch that is set again begins anew.
SET = """((button, screen) => {
  const watchCalls = (seen) => {
    const {prototype} = window.Worker;
    const post = prototype.postMessage;
    const lines = new WeakMap();
    const answered = (asked, id) => {
      const one = asked.get(id);
      if (one) one.ms = performance.now() - one.at;
    };
    prototype.postMessage = function (message) {
      if (!lines.has(this)) {
        const asked = new Map();
        lines.set(this, asked);
        this.addEventListener('message', ({data}) => answered(asked, data.id));
      }
      const one = {call: message.call, at: performance.now(), ms: null};
      lines.get(this).set(message.id, one);
      seen(one);
      return post.call(this, message);
    };
  };
  if (!window.stopwatch) {
    watchCalls((one) => window.stopwatch.calls.push(one));
    const pressed = ({target, timeStamp}) => {
      if (target.closest(window.stopwatch.button)) window.stopwatch.pressed ??= timeStamp;
    };
    document.addEventListener('click', pressed, {capture: true});
    const looking = new MutationObserver(() => {
      const {pressed, shown, screen} = window.stopwatch;
      if (pressed === null || shown !== null || !document.querySelector(screen)) return;
      window.stopwatch.shown = performance.now();
      requestAnimationFrame(() => { window.stopwatch.drawn = performance.now(); });
    });
    looking.observe(document.body, {childList: true, subtree: true});
  }
  window.stopwatch = {button, screen, calls: [], pressed: null, shown: null, drawn: null};
})"""
READ = """(({calls, pressed, drawn}) => drawn === null ? null : {ms: drawn - pressed, calls})(window.stopwatch)"""

# A page that was faster than the driver could look was ready at the latest when it looked.
READY = """((button) => new Promise((resolve) => {
  const isReady = () => !button.disabled && resolve(performance.now());
  new MutationObserver(isReady).observe(button, {attributes: true});
  isReady();
}))"""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"

LOOK = 0.2  # seconds from one look to the next: each takes something from the page


@dataclass(frozen=True)
class Taken:
    """Milliseconds from the press to the screen; and the Worker's calls since the stopwatch was set, in their order."""

    ms: float
    calls: list[dict[str, Any]]

    def call(self, name: str) -> float:
        """Milliseconds of the first call of this name that was answered."""
        return float(next(it["ms"] for it in self.calls if it["call"] == name and it["ms"] is not None))


def set_for(page: Page, button: str, screen: str) -> None:
    """Take the time from the first press of `button` on, until `screen` is there. Both are CSS."""
    page.evaluate(f"{SET}({json.dumps(button)}, {json.dumps(screen)})")


def taken(page: Page, longest: float) -> Taken:
    """What it took, once it is over; AssertionError if that is not within `longest` seconds."""
    end = time.monotonic() + longest
    while (read := page.evaluate(READ)) is None:
        assert time.monotonic() < end, f"{page.browser}: not within {longest} s\n{page.text()[:2000]}"
        time.sleep(LOOK)
    return Taken(read["ms"], read["calls"])


def arrival(page: Page, url: str, button: str) -> dict[str, Any]:
    """Go there anew; milliseconds until something is drawn, and until the button can be pressed."""
    page.go("about:blank")  # the same address with its fingerprint would not load anew
    page.go(url)
    ready = page.evaluate(f"{READY}(document.querySelector({json.dumps(button)}))")
    return {"drawn_ms": page.evaluate(PAINTED), "usable_ms": ready}
