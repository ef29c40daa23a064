"""The tables whose rows are records as they are, alike in both databases."""

from collections.abc import Mapping
from typing import Final

from intake.store.backup import records
from intake.store.backup.records import Record
from intake.store.interface import Organisation

# Tables whose columns are the fields of a record, and by what they are read: nothing of it tells when a row came.
TABLES: Final[Mapping[type[Record], tuple[str, str]]] = {
    Organisation: ("organisation", "id"),
    records.Directory: ("directory", "organisation, version"),
    records.Login: ("recipient_login", "organisation, login_key"),
    records.Statement: ("statement", "organisation, recipient"),
    records.WeekKey: ("week_key", "organisation, recipient, week"),
    records.Keyring: ("keyring", "organisation, recipient"),
    records.Tombstone: ("tombstone", "hash"),
}
