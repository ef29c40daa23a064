"""Settings of Firefox as a person has it, except that it contacts no other machine and shows no welcome."""

from collections.abc import Iterator

from tests.browser.kit.driver import Setting

Value = str | int | bool

QUIET: dict[str, Value] = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.search.update": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "browser.topsites.contile.enabled": False,
    "browser.translations.enable": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#nobody/v1",
    "termsofuse.bypassNotification": True,
    "toolkit.telemetry.enabled": False,
}
# All other requests go to a port where no program listens.
DEAD = 1

DRIVEN: dict[str, Value] = {
    "dom.disable_beforeunload": False,
    "focusmanager.testmode": True,  # the keyboard is here, although no screen shows it
    "marionette.port": 0,  # a free one, written into the profile: tests run side by side
    "remote.prefs.recommended": False,  # they turn off what a profile is searched for
}

# Tor Browser's "Safer".
SAFER: dict[str, Value] = {
    "javascript.options.wasm": False,
    "javascript.options.ion": False,
    "javascript.options.baselinejit": False,
    "javascript.options.native_regexp": False,
    "javascript.options.asmjs": False,
    "privacy.resistFingerprinting": True,
}


def preferences(setting: Setting) -> Iterator[tuple[str, Value]]:
    """All that is set, by name."""
    yield from QUIET.items()
    yield from DRIVEN.items()
    yield "network.proxy.type", 1
    for protocol in ("http", "ssl", "socks"):
        yield f"network.proxy.{protocol}", "127.0.0.1"
        yield f"network.proxy.{protocol}_port", DEAD
    yield "network.proxy.no_proxies_on", ", ".join(("127.0.0.1", "localhost", *setting.hosts))
    yield "network.dns.localDomains", ",".join(setting.hosts)
    # What a person's Firefox writes within 15 s is written at once, so that a test needs not wait for it.
    yield "browser.sessionstore.interval", 200
    yield "intl.accept_languages", setting.language
    yield "layout.css.prefers-color-scheme.content-override", 0 if setting.dark else 1
    yield "javascript.options.wasm", setting.wasm
    if setting.restoring:
        yield "browser.startup.page", 3
    if setting.safer:
        yield from SAFER.items()
