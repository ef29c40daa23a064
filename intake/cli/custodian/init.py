"""`drempel init`: found a real organisation in a data folder."""

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import click

from crypto.public.encoding import is_id, is_number, utc_day
from crypto.public.errors import DrempelError
from crypto.secret.primitives import os_random
from intake.cli.custodian.store_founded import store_founded
from intake.cli.shared.output import Refused, emit
from intake.cli.shared.texts import text_in
from intake.client.custodian.found import Founded, Plan, found
from intake.store import Conflict, SqliteStore, create_store, open_store

POLICY = {"retention_days": 730, "acknowledge_days": 7, "feedback_days": 90}
TABLES = {
    "kinds": {"id", "name"},
    "channels": {"id", "name", "description", "kinds", "recipients", "informed", "routes"},
    "recipients": {"id", "name", "role"},
}
TAKEN = ("health", "static")
MEMBERS = ("slug", "name", "languages", "kinds", "channels", "recipients", "policy", "valid_days")


@click.command()
@click.option(
    "--data", required=True, type=click.Path(path_type=Path), metavar="DIR", help="The data folder."
)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A TOML file as deploy/organisation.example.toml explains; without it, questions are asked.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def init(data: Path, source: Path | None, as_json: bool) -> None:
    """Found an organisation. Prints the custodian's code and the access codes, once: hand them over, keep none."""
    plan = read_plan(source) if source else ask_plan()
    if plan.slug in TAKEN:
        raise click.UsageError(
            f"'{plan.slug}' can't be the organisation's short name: that address is taken."
        )
    try:
        founded = found(plan, utc_day(), os_random)
    except (DrempelError, KeyError, TypeError, AttributeError) as problem:
        detail = problem.detail if isinstance(problem, DrempelError) else ""
        raise click.UsageError(f"The organisation is not described as it must be. {detail}".strip()) from None
    new = not data.exists() or not any(data.iterdir())
    try:
        asyncio.run(_store(data, founded, new=new))
    except Conflict:
        raise Refused(
            f"There is an organisation '{plan.slug}' in this folder already. Nothing was changed."
        ) from None
    emit(founded.to_json(), as_json, _words(founded))


async def _store(folder: Path, founded: Founded, *, new: bool) -> None:
    store: SqliteStore = await (create_store(folder) if new else open_store(folder))
    try:
        await store_founded(store, founded)
    finally:
        await store.close()


def _words(founded: Founded) -> str:
    given = founded.to_json()
    lines = [
        f"Organisation '{given['organisation']}' is founded. These codes are shown once.",
        "",
        f"Address: https://YOUR-HOST/{given['organisation']}/#{given['fingerprint']}",
        f"Custodian's code, to be kept offline: {given['custodian_code']}",
        "",
        "Access codes:",
    ]
    lines += [f"  {id_}: {code}" for id_, code in founded.access_codes.items()]
    return "\n".join(lines)


def read_plan(source: Path) -> Plan:
    """Read the plan in a TOML file; a usage error names its fault."""
    try:
        value = tomllib.loads(text_in(source.read_bytes()))
    except OSError as problem:
        raise click.UsageError(f"The file can't be read: {problem.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise click.UsageError(f"The file is not TOML: {problem}.") from None
    unknown = sorted(set(value) - set(MEMBERS))
    if unknown:
        raise click.UsageError(f"Unknown in the file: {', '.join(unknown)}.")
    return _plan(value)


def _check_tables(tables: object, name: str, members: set[str]) -> None:
    """Refuse unknown members: one is a typing error, and the member that was meant would be missing for good."""
    if not isinstance(tables, list) or not all(isinstance(item, dict) for item in tables):
        raise click.UsageError(f"'{name}' must be {'a table' if name == 'policy' else 'a list of tables'}.")
    unknown = sorted({member for item in tables for member in item} - members)
    if unknown:
        raise click.UsageError(f"Unknown in '{name}': {', '.join(unknown)}.")


def _check_all_listed(recipients: list[dict[str, Any]], channels: list[dict[str, Any]]) -> None:
    if not all(isinstance(item.get("recipients"), list) for item in channels):
        raise click.UsageError("A channel's recipients must be a list of their ids.")
    listed = [id_ for item in channels for id_ in item["recipients"]]
    for item in recipients:
        if item.get("id") not in listed:
            raise click.UsageError(f"Recipient '{item.get('id')}' is in no channel.")


def _plan(value: dict[str, Any]) -> Plan:
    missing = [name for name in MEMBERS[:6] if name not in value]
    if missing:
        raise click.UsageError(f"Missing in the file: {', '.join(missing)}.")
    for name, members in TABLES.items():
        _check_tables(value[name], name, members)
    days = value.get("valid_days", 365)
    if not is_number(days, 1, 366):
        raise click.UsageError("'valid_days' must be from 1 to 366.")
    _check_tables([value.get("policy", {})], "policy", set(POLICY))
    _check_all_listed(value["recipients"], value["channels"])
    channels = [{"informed": [], "routes": [], **channel} for channel in value["channels"]]
    policy = {**POLICY, **value.get("policy", {})}
    return Plan(
        value["slug"],
        value["name"],
        value["languages"],
        value["kinds"],
        channels,
        value["recipients"],
        policy,
        days,
    )


def _ask_id(question: str) -> str:
    while not is_id(answer := click.prompt(question, err=True)):
        click.echo("Use 1 to 40 of a-z, 0-9 and '-'.", err=True)
    return str(answer)


def _ask_text(question: str, languages: list[str]) -> dict[str, str]:
    return {language: click.prompt(f"{question} ({language})", err=True) for language in languages}


def _ask_ids(question: str) -> list[str]:
    while True:
        answer = click.prompt(f"{question}, separated by commas", err=True)
        ids = [part.strip() for part in str(answer).split(",")]
        if all(is_id(id_) for id_ in ids) and len(set(ids)) == len(ids):
            return ids
        click.echo("Use 1 to 40 of a-z, 0-9 and '-' for each, and each once.", err=True)


def ask_plan() -> Plan:
    """Ask for the plan on the terminal."""
    slug = _ask_id("Short name of the organisation, as in the address")
    languages = _ask_ids("Languages, such as nl, en")
    name = _ask_text("Name", languages)
    kinds = [
        {"id": id_, "name": _ask_text(f"Name of kind '{id_}'", languages)}
        for id_ in _ask_ids("Ids of the kinds of report")
    ]
    channels: list[dict[str, Any]] = []
    recipients: dict[str, dict[str, Any]] = {}
    for id_ in _ask_ids("Ids of the channels"):
        channel_name = _ask_text(f"Name of channel '{id_}'", languages)
        description = _ask_text("What it does, in a sentence", languages)
        members = _ask_ids(f"Ids of the recipients of '{id_}'")
        for member in members:
            if member not in recipients:
                names = _ask_text(f"Name of recipient '{member}'", languages)
                recipients[member] = {"id": member, "name": names, "role": channel_name}
        channels.append(
            {
                "id": id_,
                "name": channel_name,
                "description": description,
                "kinds": [kind["id"] for kind in kinds],
                "recipients": members,
                "informed": [],
                "routes": [],
            }
        )
    days = click.prompt("Days that reports are kept", default=730, type=click.IntRange(1, 3650), err=True)
    return Plan(
        slug, name, languages, kinds, channels, list(recipients.values()), {**POLICY, "retention_days": days}
    )
