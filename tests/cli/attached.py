"""What a recipient's command learns of the files of a conversation, to be searched for wherever it must not be."""

from crypto.attachment import Attachment, attachment_keys
from crypto.codes import parse_code
from crypto.encoding import unb64
from intake.client import inbox
from intake.client.address import read_address
from intake.client.connection import Connection
from intake.client.organisation import fetch_organisation
from intake.client.session import open_session
from tests.searching import Secrets
from tests.serving import Demo


async def attachments_of(demo: Demo, recipient: str, mailbox: str) -> list[Attachment]:
    """All files of a conversation that the recipient has listed before."""
    secret = parse_code(demo.access_codes[recipient], "access")
    async with Connection(read_address(demo.pinned)) as connection:
        session = await open_session(connection, await fetch_organisation(connection), secret)
        thread = await inbox.show(session, unb64(mailbox))
    return [item for entry in thread.entries for item in entry.message.attachments]


def add_attachment(secrets: Secrets, attachment: Attachment, *, token: str) -> None:
    """A file's name, type, keys and hash; its token, under that name, is what its requests need."""
    keys = attachment_keys(attachment.secret)
    secrets.text(f"name of {attachment.name}", attachment.name)
    secrets.text(f"type of {attachment.name}", attachment.type)
    secrets.key(f"secret of {attachment.name}", attachment.secret)
    secrets.key(f"key of {attachment.name}", keys.key)
    secrets.key(f"hash of {attachment.name}", attachment.hash)
    secrets.key(token, keys.token)
