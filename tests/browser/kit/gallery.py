"""All screens on one page, to look at: widths, light and dark, languages, browsers."""

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.browser.kit.driver import Page

WIDTHS = (360, 768, 1280)
HEIGHTS = {360: 740, 768: 1024, 1280: 900}
STYLE = """
body { font: 14px sans-serif; margin: 1rem; background: #888; }
section { display: flex; flex-wrap: wrap; gap: 1rem; align-items: start; }
figure { margin: 0; }
figcaption { padding: .2rem 0; }
img { display: block; height: 30rem; max-width: 100%; object-fit: contain; object-position: top left; }
"""


@dataclass(frozen=True)
class Shot:
    """One screenshot."""

    screen: str
    width: int
    dark: bool
    language: str
    browser: str

    @property
    def caption(self) -> str:
        """Its caption, without the screen's name."""
        return f"{self.width} {'dark' if self.dark else 'light'} {self.language} {self.browser}"

    @property
    def file(self) -> str:
        """Its file."""
        return f"{self.screen} {self.caption}.png".replace(" ", "-")


@dataclass
class Gallery:
    """Collects screenshots in a folder, if they are wanted."""

    folder: Path
    wanted: bool = True
    shots: list[Shot] = field(default_factory=list)

    def take(
        self,
        page: Page,
        screen: str,
        *,
        language: str = "nl",
        widths: Sequence[int] = WIDTHS,
        schemes: Sequence[bool] = (False, True),
        full: bool = True,
    ) -> None:
        """Take a screen in all these widths, light (False) and dark; leaves the page wide and light.

        What lies before the page, such as a dialog, is not to be taken in full length.
        """
        if not self.wanted:
            return
        for dark in schemes:
            page.dark(dark)
            for width in widths:
                page.resize(width, HEIGHTS.get(width, 900))
                shot = Shot(screen, width, dark, language, page.browser)
                page.screenshot(self.folder / shot.file, full=full)
                self.shots.append(shot)
        page.dark(False)
        page.resize(1280, HEIGHTS[1280])

    def write(self) -> None:
        """Make index.html of what was taken, if anything was."""
        if not self.shots:
            return
        screens = dict.fromkeys(shot.screen for shot in self.shots)
        sections = [self._section(screen) for screen in screens]
        head = f"<!doctype html><meta charset=utf-8><title>Screens</title><style>{STYLE}</style>"
        (self.folder / "index.html").write_text("\n".join([head, *sections, ""]), "utf-8")

    def _section(self, screen: str) -> str:
        figures = [
            f'<figure><a href="{html.escape(shot.file)}"><img src="{html.escape(shot.file)}" alt=""></a>'
            f"<figcaption>{html.escape(shot.caption)}</figcaption></figure>"
            for shot in self.shots
            if shot.screen == screen
        ]
        return f"<h2>{html.escape(screen)}</h2><section>{''.join(figures)}</section>"
