"""A real nginx in front of a server: as it comes, as deploy/README.md has it, or below a path."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.deploy import programs
from tests.deploy.programs import DEPLOY

TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
# What nginx does if nobody says more than where the server is.
AS_IT_COMES = "location / { proxy_pass http://127.0.0.1:8080; }"


def as_we_say() -> str:
    """The block of deploy/README.md."""
    [block] = re.findall(
        r"^```nginx\n(.*?)^```$", (DEPLOY / "README.md").read_text(), re.DOTALL | re.MULTILINE
    )
    return str(block)


def below(path: str) -> str:
    """As it comes, below a path such as `/meldpunt/`."""
    return f"location {path} {{ proxy_pass http://127.0.0.1:8080/; }}"


@contextmanager
def nginx(folder: Path, url: str, block: str) -> Iterator[str]:
    """The address of the proxy's root while it runs, with this block for its one server."""
    folder.mkdir()
    port, output = programs.free_port(), folder / "output"
    places = " ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    # A test's folder is its owner's alone.
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} worker_processes 1; daemon off; pid {folder}/pid; error_log stderr;\n"
        f"events {{ worker_connections 256; }}\n"
        f"http {{ access_log {folder}/access; {places}\n"
        f"server {{ listen 127.0.0.1:{port};\n{block.replace('127.0.0.1:8080', urlsplit(url).netloc)}\n}} }}\n"
    )
    command = ("nginx", "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf"))
    with programs.running(*command, cwd=folder, output=output) as process:
        programs.await_port(port, process, output)
        yield f"http://127.0.0.1:{port}"
