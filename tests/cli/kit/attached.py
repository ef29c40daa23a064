"""Gives the secrets of a conversation's files as a recipient's command learns them, to search for them elsewhere."""

from crypto.public.encoding import unb64
from crypto.secret.attachment import Attachment, attachment_keys
from crypto.secret.codes import parse_code
from intake.client.address import read_address
from intake.client.connection import Connection
from intake.client.organisation import fetch_organisation
from intake.client.recipient import inbox
from intake.client.recipient.session import open_session
from tests.kit.secret_search import Secrets
from tests.kit.serving import Demo


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
