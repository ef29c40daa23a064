"""`drempel demo`: a throw-away organisation, served on this machine."""

import json
import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from crypto.public.encoding import utc_day
from crypto.secret.primitives import os_random
from intake.cli.operator.demo_folder import DAMAGED, codes_in, vanishing_folder
from intake.cli.operator.demo_organisation import PLAN
from intake.cli.operator.serve import PORT, file_options, serve_store
from intake.cli.operator.store_option import store_options
from intake.cli.shared.output import OutputFailed, Refused, show
from intake.client.custodian.found import found
from intake.service.http.server import Address
from intake.service.settings import Settings


@click.command()
@click.option(
    "--port",
    type=PORT,
    metavar="PORT",
    default=8000,
    show_default=True,
    help="Listen here; 0 takes a free one.",
)
@store_options(
    "Keep the demonstration in this folder, to start it again. Without it, it is gone at the end.",
    required=False,
)
@click.option("--json", "as_json", is_flag=True, help="Print address and codes as one JSON document.")
@file_options
def demo(port: int, data: Path | None, database: str | None, as_json: bool, settings: Settings) -> None:
    """Serve a throw-away organisation on this machine until Ctrl-C. Its codes are shown: nothing real belongs in it."""
    if data is not None:
        _serve(
            data,
            database,
            port,
            as_json,
            settings,
            "Its codes are kept in the folder: start it again to see them.",
        )
        return
    with vanishing_folder() as folder:
        _serve(folder, None, port, as_json, settings, "Nothing of it is kept: start it again.")


def _serve(
    folder: Path, database: str | None, port: int, as_json: bool, settings: Settings, unseen: str
) -> None:
    """`unseen` says what to do where the codes could not be shown."""
    codes = codes_in(folder, lambda: found(PLAN, utc_day(), os_random), database)
    try:
        _words("", codes)
    except (KeyError, TypeError):
        raise Refused(DAMAGED) from None

    def listening(address: Address) -> None:
        url = f"http://{address.host}:{address.port}/{codes['organisation']}/"
        inbox = f"{url}inbox#{codes['fingerprint']}"
        try:
            # The process goes on, so the output must be flushed now for a program that waits for it.
            show(json.dumps({"url": url, "inbox": inbox, **codes}) if as_json else _words(url, codes))
        except OutputFailed as problem:
            raise Refused(f"{problem}\n{unseen}") from None

    # No line is slow on the machine itself.
    serve_store(folder, database, "127.0.0.1", port, replace(settings, packing=False), listening)


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
