"""`drempel demo`: a throw-away organisation, served on this machine."""

import asyncio
import json
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from crypto.encoding import parse_object, utc_day
from crypto.sealing import os_random
from intake.cli.demo_organisation import PLAN
from intake.cli.founding import Founded, found, store_founded
from intake.cli.output import Refused
from intake.cli.serve import PORT, file_options, serve_folder
from intake.service.runner import Address
from intake.service.settings import Settings
from intake.store import create_store

CODES = "demo-codes.json"


@click.command()
@click.option(
    "--port",
    type=PORT,
    metavar="PORT",
    default=8000,
    show_default=True,
    help="Listen here; 0 takes a free one.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep the demonstration in this folder, to start it again. Without it, it is gone at the end.",
)
@click.option("--json", "as_json", is_flag=True, help="Print address and codes as one JSON document.")
@file_options
def demo(port: int, data: Path | None, as_json: bool, settings: Settings) -> None:
    """Serve a throw-away organisation on this machine until Ctrl-C. Its codes are shown: nothing real belongs in it."""
    if data is not None:
        _serve(data, port, as_json, settings)
        return
    folder = Path(tempfile.mkdtemp(prefix="drempel-demo-"))
    try:
        _serve(folder, port, as_json, settings)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve(folder: Path, port: int, as_json: bool, settings: Settings) -> None:
    codes = _codes(folder)

    def listening(address: Address) -> None:
        url = f"http://{address.host}:{address.port}/{codes['organisation']}/"
        inbox = f"{url}inbox#{codes['fingerprint']}"
        # The process lives on, so whoever waits for this line must get it now.
        click.echo(json.dumps({"url": url, "inbox": inbox, **codes}) if as_json else _words(url, codes))
        sys.stdout.flush()

    serve_folder(folder, "127.0.0.1", port, settings, listening)


def _codes(folder: Path) -> dict[str, Any]:
    """The codes of the demo in `folder`, which is founded if it is new."""
    kept = folder / CODES
    if kept.exists():
        try:
            read = parse_object(kept.read_bytes())
            _words("", read)
        except (ValueError, KeyError, TypeError):
            raise Refused(f"{CODES} is damaged: remove the folder, and the demo begins anew.") from None
        return read
    founded = found(PLAN, utc_day(), os_random)
    asyncio.run(_create(folder, founded))
    codes = founded.to_json()
    descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(codes, file, ensure_ascii=False)
    return codes


async def _create(folder: Path, founded: Founded) -> None:
    store = await create_store(folder)
    try:
        await store_founded(store, founded)
    finally:
        await store.close()


def _typed_as() -> str:
    """How to type this very program in another terminal: after `make run` it is on no search path."""
    found = shutil.which("drempel")
    if found and Path(found).resolve() == Path(sys.argv[0]).resolve():
        return "drempel"
    return shlex.quote(sys.argv[0])


def _words(url: str, codes: dict[str, Any]) -> str:
    drempel, pin = _typed_as(), f"#{codes['fingerprint']}"
    server = f"--server '{url}{pin}'"
    lines = [
        "A demonstration of Drempel. Nothing real belongs in it: its codes are on this screen.",
        "",
        "Open these in a browser, the second with one of the access codes below:",
        "",
        f"  Make a report:  {url}{pin}",
        f"  Read reports:   {url}inbox{pin}",
        "",
        "Access codes of the recipients, by channel:",
        "",
    ]
    for channel in codes["channels"]:
        lines.append(f"  {channel['id']} ({channel['name']['en']}, {channel['name']['nl']})")
        lines += [f"    {item['id']}: {item['access_code']}" for item in channel["recipients"]]
    lines += [
        "",
        f"Custodian's code, which signs the directory: {codes['custodian_code']}",
        "",
        f"The same by command line, in another terminal{' and this folder' if drempel.startswith('.') else ''}:",
        "",
        f"  echo 'I saw something.' | {drempel} report --channel confidential-adviser --message-file - \\",
        f"      {server}",
        f"  {drempel} inbox list {server}",
        f"  {drempel} receipt read {server}",
        "",
        "The first prints a receipt, which the third asks for; the second asks for an access code.",
        "",
        "Ctrl-C ends the demonstration.",
    ]
    return "\n".join(lines)
