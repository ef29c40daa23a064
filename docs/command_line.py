"""Writes docs/command-line.md to standard output, from what each command says to `--help`.

`make docs` runs it. A test runs it too, so that the page can't be another than the commands are.
"""

import sys
from collections.abc import Iterator

import click

from intake.cli import main

COLUMNS = 80  # of a terminal; the help of a command depends on it

HEAD = """\
# The command line

`make docs` writes this page from what each command says to `--help`; don't edit it.
It belongs to the program it came with, and a test compares the two.

The command line is a client of its own: it shares no code with the pages, and speaks to the same
service. What becomes of files, notes and exports is in [files-and-notes.md](files-and-notes.md);
what an operator does with `init`, `serve`, `doctor` and `manifest` in
[operating.md](operating.md), with `backup` and `restore` in [backup.md](backup.md).

## What all commands have in common

**Address.** `--server` takes the address of an organisation, best with its fingerprint:
`'https://host/slug/#fingerprint'`. Quote it, or the shell takes what follows the `#` for a comment.
Without a fingerprint, and without `--pin`, the command says "Not verified by link": you then trust
the server for the organisation's keys.

**Codes** come from a prompt, from `--code-file FILE`, or from the environment variables
`DREMPEL_RECEIPT` and `DREMPEL_ACCESS_CODE`. They never come from arguments, which other users of
the machine can see, nor from standard input when that carries the message. Wherever a code comes
from, it may stand on one line or on eight, with numbers, quotation marks or signs that nobody sees
around its groups; a prompt takes the whole of a paste.

**Answers.** With `--json`, a command prints one JSON document on standard output and nothing else.

| status | meaning |
|---|---|
| 0 | done |
| 1 | refused: one or two lines on standard error say what to do, and nothing else is printed |
| 2 | called wrongly: nothing was sent |

An export that could not get some file whole exports all the rest and names that file; its status is
1 as well.

**Connection.** If the server can't be reached, or can't store anything, a command tries again for
`--patience` seconds. Over Tor: `ALL_PROXY=socks5h://127.0.0.1:9050`. The first of `ALL_PROXY`,
`HTTPS_PROXY` and `HTTP_PROXY` is used for every address but this machine's own. One that can't be
used ends the command: to go without it would show whose request it is.
"""


def contexts(command: click.Command, parent: click.Context | None, name: str) -> Iterator[click.Context]:
    """The context of a command and of all below it, a group before its commands, each in order of name."""
    context = click.Context(
        command, parent=parent, info_name=name, terminal_width=COLUMNS, **command.context_settings
    )
    yield context
    if isinstance(command, click.Group):
        for below in sorted(command.list_commands(context)):
            if found := command.get_command(context, below):
                yield from contexts(found, context, below)


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for context in contexts(main, None, "drempel"):
        with context.scope(cleanup=False):
            parts.append(f"## {context.command_path}\n\n```\n{context.command.get_help(context)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())
