"""A person without a mouse: everything by keys, with an eye on where the keyboard is."""

import json
from dataclasses import dataclass

from tests.browser.kit.driver import Page, poll

# What can be reached, in the order in which it stands in the document; of a group of radio buttons only one.
REACHABLE = """(() => {
  const all = document.querySelectorAll('a[href], button, input, select, textarea, summary');
  const dialog = document.querySelector('dialog[open]');
  const names = new Set();
  return Array.from(all)
    .filter((e) => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true}))
    .filter((e) => !dialog || dialog.contains(e))
    .filter((e) => e.type !== 'radio' || (!names.has(e.name) && names.add(e.name)))
    .map((e) => (e.type === 'radio' ? `radio ${e.name}` : e.id || e.closest('[id]').id + ' ' + e.localName));
})()"""
HERE = """((e) => {
  if (e === null || e === document.body || e === document.documentElement) return null;
  const style = getComputedStyle(e);
  const box = e.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + Math.min(box.width / 2, 20), box.y + Math.min(box.height / 2, 20));
  return {
    name: e.type === 'radio' ? `radio ${e.name}` : e.id || e.closest('[id]').id + ' ' + e.localName,
    seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && style.outlineColor !== 'transparent',
    bare: top !== null && (e.contains(top) || top.contains(e) || top.control === e),
  };
})(document.activeElement)"""


# Past the last thing on a page the keyboard is at the browser's own, where tests can't follow: so go the shorter way.
BEFORE = """((css) => {
  const there = document.querySelector(css);
  return there !== null && (document.activeElement.compareDocumentPosition(there) & 2) > 0;
})(%s)"""


@dataclass(frozen=True)
class Keyboard:
    """Keys, and nothing else."""

    page: Page

    def here(self) -> str:
        """The focused element, whose focus must be visible, and which must not be covered."""
        here = self.page.evaluate(HERE)
        if here is None:
            return ""
        name = str(here["name"])
        assert here["seen"], f"nothing shows that the keyboard is at {name}"

        def is_bare() -> bool:  # once the browser has scrolled there
            now = self.page.evaluate(HERE)
            return now is not None and now["name"] == name and now["bare"]

        poll(is_bare, lambda: f"{name} has the keyboard and lies under something")
        return name

    def step(self, key: str = "Tab") -> str:
        """Press Tab or Shift+Tab; what the keyboard is at then."""
        self.page.press(key)
        return self.here()

    def to(self, css: str, most: int = 60) -> None:
        """Go on, or back, until the keyboard is at a match."""
        key = "Shift+Tab" if self.page.evaluate(BEFORE % json.dumps(css)) else "Tab"
        for _ in range(most):
            if self.page.is_focused(css):
                return
            self.step(key)
        assert self.page.is_focused(css), f"{most} times {key} do not lead to {css}"

    def press(self, css: str, key: str = "Enter") -> None:
        """Go there and press a key."""
        self.to(css)
        self.page.press(key)

    def write(self, css: str, text: str) -> None:
        """Go there and type."""
        self.to(css)
        self.page.type(text)

    def round(self) -> None:
        """Go through everything, in the order of the document, held up by nothing; and back again."""
        expected = self.page.evaluate(REACHABLE)
        self._to_first(expected)
        reached = [expected[0], *(self.step() for _ in expected[1:])]
        assert reached == expected, f"{reached} instead of {expected}"
        back = [self.step("Shift+Tab") for _ in expected[1:]]
        assert back == expected[-2::-1], f"backwards {back} instead of {expected}"

    def _to_first(self, expected: list[str]) -> None:
        here = self.page.evaluate(f"({HERE})?.name ?? ''")  # a heading may have it, which shows nothing
        if here not in expected:
            here = self.step()
        for _ in expected:
            if here == expected[0]:
                return
            here = self.step("Shift+Tab")
        raise AssertionError(f"Shift+Tab leads to {here}, not to {expected[0]}")
