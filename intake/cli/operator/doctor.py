"""`drempel doctor`: what is wrong with a store, beside a running service or without one."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click

from crypto.public.encoding import utc_day
from intake.cli.operator.store_option import store_options
from intake.cli.shared.output import Refused, emit
from intake.service.control import NoAnswer, NoService, ask
from intake.service.doctor import accept_clock, examine
from intake.service.jobs.days import Days
from intake.service.settings import Settings
from intake.store import Store, open_at


@click.command()
@store_options("The data folder.")
@click.option("--accept-clock", is_flag=True, help="Believe this machine's clock, so that erasing goes on.")
@click.option("--yes", is_flag=True, help="Do not ask before the clock is accepted.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.pass_context
def doctor(
    context: click.Context, data: Path, database: str | None, accept_clock: bool, yes: bool, as_json: bool
) -> None:
    """Look whether all is well with a store, and say what to do. Status 1 if something is not."""
    checks = _checks(data, database)
    clock = next(check for check in checks if check["name"] == "clock")
    if accept_clock and not clock["ok"]:
        if not (
            yes or click.confirm(f"{clock['text']}\nIs the clock right, and may this be erased?", err=True)
        ):
            raise Refused("The clock was not accepted. Nothing was changed.")
        _call(data, database, "accept-clock", _accept)
        checks = _checks(data, database)
    emit({"checks": checks}, as_json, "\n".join(map(_line, checks)))
    context.exit(0 if all(check["ok"] for check in checks) else 1)


def _checks(folder: Path, database: str | None) -> list[dict[str, Any]]:
    async def look(store: Store, days: Days) -> dict[str, Any]:
        room = folder if database is None else None
        found = await examine(store, days, room, Settings())
        return {"checks": [check._asdict() for check in found]}

    checks: list[dict[str, Any]] = _call(folder, database, "doctor", look)["checks"]
    return checks


async def _accept(store: Store, days: Days) -> dict[str, Any]:
    await accept_clock(store, days)
    return {}


def _call(
    folder: Path,
    database: str | None,
    action: str,
    alone: Callable[[Store, Days], Awaitable[dict[str, Any]]],
) -> dict[str, Any]:
    """Ask the service that runs on the folder; without one, open its store and do it here."""
    try:
        return ask(folder, action)
    except NoService:
        return asyncio.run(_alone(folder, database, alone))
    except NoAnswer as problem:
        raise Refused(str(problem)) from None


async def _alone(
    folder: Path, database: str | None, action: Callable[[Store, Days], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    store = await open_at(folder, database)
    try:
        return await action(store, Days(utc_day))
    finally:
        await store.close()


def _line(check: dict[str, Any]) -> str:
    return f"{'ok   ' if check['ok'] else 'WRONG'} {check['name']}: {check['text']}"
