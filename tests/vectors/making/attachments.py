"""Vectors of files and of their names (PROTOCOL 16), made by Python."""

from crypto.public.encoding import b64
from crypto.secret.attachment import CHUNK, Attachment, Chunks, attachment_hash, attachment_keys, chunk_hash
from tests.crypto.kit.organisation_builders import ORGANISATION, Json, of
from tests.vectors.making.maker import Maker

SECRET = of("an attachment")


def make_attachments(maker: Maker) -> None:
    """PROTOCOL 16.1 to 16.7."""
    maker.ok("attachment-keys", "All keys of an attachment.", "attachment-keys", {"secret": b64(SECRET)})
    lengths = [3 * CHUNK, 1_000_000, 2**24 + 1, 2**32 + 2**20 + 1, 2**34]
    maker.ok("attachment-counts", "How many chunks files have.", "chunk-counts", {"lengths": lengths})
    chunk = {"organisation": b64(ORGANISATION), "secret": b64(SECRET)}
    for name, number, count in (("first", 0, 2), ("last", 1, 2), ("high", 65_534, 65_536)):
        given = {**chunk, "number": number, "count": count, "plaintext": b64(b"a file")}
        maker.ok(f"attachment-seal-{name}", "A chunk of a file.", "seal-chunk", given)
    _make_file(maker)
    _make_meta(maker)


def _make_file(maker: Maker) -> None:
    sealed = Chunks(ORGANISATION, attachment_keys(SECRET), 1).seal(0, b"")
    attachment = Attachment("empty", "", 0, SECRET, attachment_hash([chunk_hash(sealed)]))
    file = maker.file("attachment.bin", sealed)
    given = {"organisation": b64(ORGANISATION), "attachment": attachment.to_json(), "chunks": [file]}
    maker.ok("attachment", "An empty file.", "open-attachment", given, length=0)

    def damaged(name: str, about: str, **change: object) -> None:
        maker.fails(f"attachment-{name}", about, "open-attachment", {**given, **change}, "attachment-damaged")

    damaged("bit", "The first bit is flipped.", chunks=[{**file, "xor": {"0": 128}}])
    damaged("cut", "There is only its beginning.", chunks=[{**file, "length": 1000}])
    damaged("twice", "It comes twice.", chunks=[file, file])
    damaged(
        "larger", "It is called one chunk longer.", attachment={**attachment.to_json(), "bytes": 2 * CHUNK}
    )


def _make_meta(maker: Maker) -> None:
    one = Attachment("\u202eexe.tar.gz\n", "text/html; charset=x", 2**34, of("a"), of("b")).to_json()
    both = [one, {**one, "name": "a/b", "bytes": 0, "secret": b64(of("c"))}]

    def refused(name: str, about: str, **change: object) -> None:
        given: Json = {"attachments": [{**one, **change}]}
        maker.fails(f"attachments-{name}", about, "read-attachments", given, "envelope-message")

    given = {"attachments": both}
    maker.ok("attachments", "Two files with names as they come.", "read-attachments", given, attachments=both)
    refused("fraction", "A length of 1.5.", bytes=1.5)
    refused("huge", "A length beyond all numbers.", bytes=10**30)
    refused("padding", "A secret with base64's padding.", secret=b64(of("a")) + "=")
    refused("control", "A type with a letter outside ASCII.", type="text/\x80")
    names = ["CV\u202egnp.exe", "con.pdf", "\U0001f4f7" * 40 + ".jpeg", "e\u0301.TXT", "É.txt", "..\\.-"]
    safe = ["CVgnp.exe", "_con.pdf", "\U0001f4f7" * 28 + ".jpeg", "é.TXT", "É (2).txt", "_-"]
    folders: Json = {"folders": [names]}
    maker.ok("filename", "Names, and the ones to save them under.", "safe-names", folders, folders=[safe])
