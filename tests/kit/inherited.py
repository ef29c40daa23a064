"""Replaces the environment that a process inherits from its parent, so that the tests run alike everywhere.

Signals that `nohup` or a shell's background ignores, a locale, a proxy or a closed standard input would otherwise reach
every command, browser and server that a test starts.
"""

import os
import signal

# Settings of the machine: paths, fonts, and the clock where tests/run/clock.c moves it.
KEPT = ("PATH", "HOME", "TMPDIR", "TERM", "FONTCONFIG_FILE", "LD_PRELOAD", "DREMPEL_CLOCK")
OUR_OWN = (
    "PYTEST_",
    "DREMPEL_KILLS",
    "DREMPEL_WITHOUT_POSTGRES",
)  # set by pytest, `make soak`, and whoever runs it
UMASK = 0o022


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a fresh shell: no code, no proxy, no setting of ours."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8"} | more


def reset() -> set[signal.Signals]:
    """Give this process, and so all it starts, the environment, signals and streams of a fresh shell.

    Returns the signals that were ignored until now.
    """
    ours = {name: value for name, value in os.environ.items() if name.startswith(OUR_OWN)}
    wanted = environment(**ours)
    os.environ.clear()
    os.environ.update(wanted)
    os.umask(UMASK)
    _open_streams()
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    return _hear_signals()


def _open_streams() -> None:
    """Open closed standard streams: the next file to be opened would get their descriptors."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def _hear_signals() -> set[signal.Signals]:
    """Stop ignoring signals. Python itself ignores SIGPIPE and SIGXFSZ, and gives them back to what it starts."""
    ignored = {each for each in signal.Signals if signal.getsignal(each) is signal.SIG_IGN}
    ignored -= {signal.SIGPIPE, signal.SIGXFSZ}
    for number in ignored:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    return ignored
