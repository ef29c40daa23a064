"""Connections to the server: how each is set up, a bounded number of them, and transactions on them.

A connection that is lost is replaced by the next one that is needed. What certainly was not committed is tried
again; after a COMMIT without an answer nobody knows, and `OutcomeUnknown` says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, LiteralString, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.sql import SQL, Composed

from intake.store.errors import OutcomeUnknown, StoreUnavailable
from intake.store.postgresql.errors import LOST, is_elsewhere, is_undone, translated

T = TypeVar("T")
Link = AsyncConnection[Any]
Statement = LiteralString | SQL | Composed
Given = Sequence[Any] | Mapping[str, Any]
Operation = Callable[[Link], Awaitable[T]]

# A server that is gone without a word is noticed after so long; the address may set it otherwise.
DEFAULTS: Final[dict[str, Any]] = {
    "application_name": "drempel",
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
# Plans are made for the very days that are asked for: a plan for all would lock the partitions of all.
# A confirmation means that the server's disk has it, and those of standbys that it names, whatever the role's or the
# database's settings are by now. Only remote_apply is stronger.
SESSION: Final = (
    "SELECT set_config('search_path', 'drempel', false), set_config('plan_cache_mode', 'force_custom_plan', false),"
    " set_config('statement_timeout', '30s', false), set_config('lock_timeout', '25s', false),"
    " set_config('idle_in_transaction_session_timeout', '60s', false),"
    " set_config('default_transaction_isolation', 'read committed', false),"
    " set_config('synchronous_commit', setting, false)"
    " FROM coalesce(substring(current_setting('synchronous_commit') FROM 'remote_apply'), 'on') AS setting"
)
ATTEMPTS: Final = 4


async def connect(address: str) -> Link:
    """A connection in autocommit mode with the store's settings. Raises `psycopg.Error`."""
    defaults = {**DEFAULTS, **psycopg.conninfo.conninfo_to_dict(address)}
    link = await AsyncConnection.connect(
        psycopg.conninfo.make_conninfo("", **defaults),
        autocommit=True,
        prepare_threshold=None,
    )
    try:
        await link.execute(SESSION)
    except BaseException:
        await link.close()
        raise
    return link


# Values come in binary: the text of a bytea is twice as long.


async def one(link: Link, statement: Statement, given: Given = ()) -> Any:
    """The first row that a statement gives, or None."""
    return await (await link.execute(statement, given, binary=True)).fetchone()


async def every(link: Link, statement: Statement, given: Given = ()) -> list[Any]:
    """All rows that a statement gives."""
    return await (await link.execute(statement, given, binary=True)).fetchall()


class Connections:
    """At most `most` connections to an address. Ends with `close()`."""

    def __init__(self, address: str, most: int) -> None:
        """Opens none yet."""
        self._address = address
        self._places = asyncio.Semaphore(most)
        self._idle: list[Link] = []
        self._working: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def read(self, operation: Operation[T]) -> T:
        """Run statements that change nothing, each for itself. Raises `StoreUnavailable`, and what it raises."""
        return await self._finish(self._attempt(operation))

    async def write(self, operation: Operation[T]) -> T:
        """Run it in a transaction, and return its result once that is durable.

        It may be run several times, and the last one counts. It goes on if the caller is cancelled. Raises what it
        raises, and `StoreUnavailable` or `OutcomeUnknown`.
        """
        return await self._finish(self._attempt(lambda link: transact(link, operation)))

    async def write_at_once(self, operation: Operation[T]) -> T:
        """`write` for an operation of one statement, which is its transaction: a request instead of three.

        Whatever happens to the connection meanwhile, nobody knows how it ended.
        """
        return await self._finish(self._attempt(lambda link: _at_once(link, operation)))

    async def close(self, *, cancel: bool = False) -> None:
        """Finish what was begun, or `cancel` it, then close all. May be called again."""
        self._closed = True
        if cancel:
            for task in self._working:
                task.cancel()
        while self._working:
            await asyncio.wait(self._working)
        await self._forget()

    async def _finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it to its end even if its caller goes away: a statement cut off would cost the connection."""
        if self._closed:
            work.close()
            raise StoreUnavailable("It is closed.")
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._done)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():  # by `close`, not its caller
                raise StoreUnavailable("It is closed.") from None
            raise

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._working.discard(task)
        if not task.cancelled():
            task.exception()  # seen, if its caller has gone away

    async def _attempt(self, operation: Operation[T]) -> T:
        for left in reversed(range(ATTEMPTS)):
            try:
                async with self._connection() as link:
                    return await operation(link)
            except psycopg.Error as error:
                if not left or not (_is_lost(error) or is_undone(error)):
                    raise translated(error) from None
                if _is_lost(error):
                    await self._forget()
        raise StoreUnavailable(LOST)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Link]:
        async with self._places:
            link = self._idle.pop() if self._idle else await connect(self._address)
            try:
                yield link
            finally:
                if link.closed or link.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                    await link.close()
                else:
                    self._idle.append(link)

    async def _forget(self) -> None:
        """Close the idle ones: where one is lost, so are all."""
        idle, self._idle = self._idle, []
        for link in idle:
            await link.close()


def _is_lost(error: psycopg.Error) -> bool:
    # Without a code it is the driver's own: the connection broke, or none could be made.
    lost = error.sqlstate is None or error.sqlstate[:3] in ("57P", "08P", "080")
    return (isinstance(error, psycopg.OperationalError) and lost) or is_elsewhere(error)


async def transact(link: Link, operation: Operation[T]) -> T:
    """Run an operation in a transaction. Raises what it raises, `psycopg.Error`, `OutcomeUnknown`."""
    try:
        await link.execute("BEGIN")
        result = await operation(link)
    except BaseException:
        with suppress(psycopg.Error):
            await link.execute("ROLLBACK")
        raise
    await _commit(link)
    return result


async def _at_once(link: Link, operation: Operation[T]) -> T:
    try:
        return await operation(link)
    except psycopg.Error:
        if link.closed:
            raise OutcomeUnknown(LOST) from None
        raise


async def _commit(link: Link) -> None:
    try:
        ended = await link.execute("COMMIT")
    except psycopg.Error:
        if link.closed:
            raise OutcomeUnknown(LOST) from None
        raise
    if ended.statusmessage != "COMMIT":  # a statement had failed, and its error was swallowed
        raise StoreUnavailable
