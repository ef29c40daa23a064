"""The figures of the pages as plain text, and their goals."""

from typing import Any

from tests.bench.goal import Goal

KILO = 1000
MIB = 1024 * 1024
VISITS = {"report": "a whole report", "return": "a return", "inbox": "an inbox, empty"}


def goals(figures: dict[str, Any]) -> list[Goal]:
    """What is promised of the pages. A report weighs what it does in the browser where it weighs most."""
    visits = figures["visits"].values()
    reports = [visit["weight"]["report"] for visit in visits]
    first = figures["first_screen"]
    sent = {name: item["send_ms"] / KILO for name, item in figures["sending"].items()}
    syncs = {name: item[0] for name, item in figures["inboxes"].items()}
    return [
        Goal("bodies of a whole report, kB", max(it["bytes"] for it in reports) / KILO, 70),
        *(
            Goal(f"requests of {what}", max(visit["weight"][kind]["requests"] for visit in visits), most)
            for (kind, what), most in zip(VISITS.items(), (10, 16, 16), strict=True)
        ),
        Goal("requests of the first screen", first["requests"], 2),
        Goal("first screen's texts without a script", first["shown"] / first["texts"], 1, at_least=True),
        *(
            Goal(f"send, {name}, seconds", taken, 4 if name.endswith("Safer") else 1)
            for name, taken in sent.items()
        ),
        *(
            Goal(f"memory, {name}, twice the file {way}", it[1]["more_bytes"] / it[0]["more_bytes"], 1.5)
            for way, files in figures["files"].items()
            for name, it in files.items()
        ),
        *(
            Goal(f"lock, {name}, a worst text open, ms", it["lock_ms"], 200)
            for name, it in figures["long_texts"].items()
        ),
        *(
            Goal(f"key, {name}, largest text, of a bare one", it["key_ms"] / it["bare_key_ms"], 1.5)
            for name, it in figures["long_texts"].items()
        ),
        *(Goal(f"first sync, {name}, seconds", it["first"]["ms"] / KILO, 10) for name, it in syncs.items()),
        *(Goal(f"next sync, {name}, seconds", it["next"]["ms"] / KILO, 1) for name, it in syncs.items()),
    ]


def lines(figures: dict[str, Any]) -> list[str]:
    """The tables."""
    return [
        *_weight(figures),
        "",
        *_sending(figures["sending"]),
        "",
        *_files("A file sent by the page", figures["files"]["sent"]),
        "",
        *_files("A file saved by the inbox", figures["files"]["saved"]),
        "more: of the browser's memory, at most, while it went up or down.",
        "",
        *_long_texts(figures["long_texts"]),
        "",
        *_inboxes(figures["inboxes"]),
        "",
        *_memory(figures),
    ]


def _weight(figures: dict[str, Any]) -> list[str]:
    found = [f"{'Weight of a visit, kB':<32}{'requests':>9}{'bodies':>9}{'sent':>9}{'headers':>9}"]
    for name, visit in figures["visits"].items():
        for kind, what in VISITS.items():
            item = visit["weight"][kind]
            kilobytes = (item[part] / KILO for part in ("bytes", "sent_bytes", "header_bytes"))
            cells = "".join(f"{it:>9.1f}" for it in kilobytes)
            found.append(f"{name + ': ' + what:<32}{item['requests']:>9}{cells}")
    first = figures["first_screen"]
    return [
        *found,
        "bodies: of the answers, compressed as sent; sent: bodies of the requests;",
        "headers: of both, over HTTP/1.1. The browser had visited nothing before.",
        f"First screen: {first['requests']} answers, {first['bytes'] / KILO:.1f} kB with headers, "
        f"{first['shown']} of {first['texts']} texts.",
    ]


def _sending(figures: dict[str, Any]) -> list[str]:
    parts = ("drawn", "usable", "derive", "seal", "send", "bare")
    found = [f"{'A report, ms':<18}" + "".join(f"{part:>9}" for part in parts) + f"{'ratio':>8}"]
    for name, item in figures.items():
        cells = "".join(f"{item[part + '_ms']:>9.0f}" for part in parts)
        found.append(f"{name:<18}{cells}{item['to_bare']:>8.1f}")
    return [
        *found,
        "drawn, usable: since the address was entered; derive: the keys, while one reads;",
        'send: from the press to "received"; bare: a PUT of as many bytes by the page.',
    ]


def _files(what: str, figures: dict[str, Any]) -> list[str]:
    found = [f"{what:<38}{'MiB':>9}{'s':>9}{'MB/s':>9}{'MiB more':>10}"]
    for name, item in figures.items():
        for file in item:
            size, taken = file["bytes"], file["seconds"]
            more = file["more_bytes"] / MIB
            found.append(f"{name:<38}{size / MIB:>9.0f}{taken:>9.1f}{size / 1e6 / taken:>9.0f}{more:>10.1f}")
    return found


def _long_texts(figures: dict[str, Any]) -> list[str]:
    found = [f"{'The largest texts, ms':<38}{'lock':>9}{'key':>9}{'bare key':>9}"]
    for name, item in figures.items():
        cells = "".join(f"{item[part + '_ms']:>9.0f}" for part in ("lock", "key", "bare_key"))
        found.append(f"{name:<38}{cells}")
    return [*found, "lock: from the press to the locked screen; key: in the page and in a bare field"]


def _inboxes(figures: dict[str, Any]) -> list[str]:
    found = [f"{'Inbox, s':<38}{'first':>9}{'of sync':>9}{'next':>9}{'of sync':>9}"]
    for name, item in figures.items():
        for sync in item:
            taken = (sync[when][part] / KILO for when in ("first", "next") for part in ("ms", "sync_ms"))
            found.append(f"{name + ': ' + _share(sync):<38}" + "".join(f"{it:>9.2f}" for it in taken))
    return [*found, "From the press of the button to the list: keys, sign-in and sync."]


def _share(inbox: dict[str, Any]) -> str:
    return f"{inbox['mine']} of {inbox['mine'] + inbox['others']} for me"


def _memory(figures: dict[str, Any]) -> list[str]:
    found = [f"{'Memory, MiB':<38}{'blank':>9}{'used':>9}{'more':>9}{'objects':>9}"]
    taken = [(f"{name}: report sent", visit["memory"]) for name, visit in figures["visits"].items()]
    for name, item in figures["inboxes"].items():
        taken += [(f"{name}: {_share(inbox)}", inbox["memory"]) for inbox in item]
    for what, item in taken:
        blank, used, objects = (item[f"{it}_bytes"] for it in ("blank", "used", "objects"))
        cells = "".join(f"{it / MIB:>9.1f}" for it in (blank, used, used - blank))
        found.append(f"{what:<38}{cells}" + (f"{objects / MIB:>9.1f}" if objects else f"{'-':>9}"))
    return [*found, "Of the browser's processes, without mapped files; objects: what the page holds."]
