"""Storing a new organisation in the data folder of this machine's service."""

from intake.client.custodian.found import Founded
from intake.store import Member, Organisation, Store


async def store_founded(store: Store, founded: Founded) -> None:
    """Store a new organisation, all of it or nothing; Conflict if its slug is taken."""
    organisation = Organisation(
        id=founded.id,
        slug=founded.content["slug"],
        retention_days=founded.content["policy"]["retention_days"],
        slots=founded.content["slots"],
        directory_version=1,
    )
    members = [
        Member(item.id, item.login_key, item.keyring, item.counter, item.statement, item.week_keys)
        for item in founded.recipients
    ]
    await store.add_organisation(organisation, founded.directory, members)
