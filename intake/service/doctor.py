"""Examines a store for its operator: what is wrong, in words, and what to do about it."""

import shutil
from pathlib import Path
from typing import NamedTuple

from crypto.public.blobs import CHUNK_LENGTH
from crypto.public.encoding import day_text
from intake.service.jobs.days import Days, doubt, judge
from intake.service.settings import Settings
from intake.store import Clock, Store, StoreError


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    ok: bool
    text: str


async def examine(store: Store, days: Days, folder: Path | None, settings: Settings) -> list[Check]:
    """All checks of a store; of room in its `folder`, if it has one. Changes nothing but for one write.

    That write shows that it can be written.
    """
    return [
        await _clock(store, days),
        await _writing(store),
        await _database(store) if folder is None else _room(folder, settings.reserve_bytes),
        *await _files(store, settings.quota_bytes),
    ]


async def accept_clock(store: Store, days: Days) -> None:
    """Believe the clock as it is now; the next round erases what has expired. Raises `StoreError`."""
    accepted = Clock(days.clock())
    await store.keep_clock(accepted)
    days.kept = accepted


async def _clock(store: Store, days: Days) -> Check:
    today = days.clock()
    try:
        kept = await store.clock()
        if kept is None:
            return Check(
                "clock", True, f"The clock shows {day_text(today)}. There was no round of erasing yet."
            )
        if judge(kept, today, 0).doubted_day is None:
            rounds = f"The last round of erasing was on {day_text(kept.day)}."
            return Check("clock", True, f"The clock shows {day_text(today)}. {rounds}")
        mailboxes, files = await store.expired(today)
    except StoreError as error:
        return Check("clock", False, str(error))
    loss = f"If it is right, this has expired: mailboxes {mailboxes}, files without a message {files}."
    return Check("clock", False, f"{doubt(kept, today)} {loss}")


async def _writing(store: Store) -> Check:
    try:
        await store.heartbeat()
    except StoreError as error:
        return Check("writing", False, str(error))
    return Check("writing", True, "A write was committed.")


async def _database(store: Store) -> Check:
    try:
        weaknesses = await store.weaknesses()
    except StoreError as error:
        return Check("database", False, str(error))
    if weaknesses:
        return Check("database", False, f"{' '.join(weaknesses)} See docs/postgresql.md.")
    return Check("database", True, "Its settings keep nothing longer than they must.")


def _room(folder: Path, reserve_bytes: int) -> Check:
    free = shutil.disk_usage(folder).free
    mebibytes = f"{free >> 20} MiB are free on the disk of {folder}"
    if free < reserve_bytes:
        return Check(
            "room", False, f"{mebibytes}: files are refused until there are {reserve_bytes >> 20}. Make room."
        )
    return Check("room", True, f"{mebibytes}.")


async def _files(store: Store, quota: int | None) -> list[Check]:
    """What the files of each organisation take, which is wrong once its quota has no room for one chunk more."""
    checks = []
    try:
        for organisation in await store.organisations():
            held = await store.file_bytes(organisation.id)
            words = f"They take {held >> 20} MiB"
            if quota is not None:
                words = f"They take {held >> 20} of at most {quota >> 20} MiB ({100 * held // quota} %)"
            is_full = quota is not None and held + CHUNK_LENGTH > quota
            words += ": more are refused. Raise --quota." if is_full else "."
            checks.append(Check(f"files of {organisation.slug}", not is_full, words))
    except StoreError as error:
        checks.append(Check("files", False, str(error)))
    return checks
