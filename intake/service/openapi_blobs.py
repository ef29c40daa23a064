"""The description of the routes under `blobs/`."""

from crypto.claims import CHUNK_LENGTH
from intake.service.blobs import CHUNKS_LIMIT
from intake.service.openapi_parts import (
    BODY_CODES,
    BYTES,
    JSON,
    STORED,
    TOKEN,
    Json,
    body,
    described,
    found,
    reference,
)
from intake.service.routing import API


def blobs() -> Json:
    """Its paths."""
    unknown = ("not-found", "blob-unknown", "server-busy")
    return {
        API + "blobs/{blob}/chunks/{number}": {
            "get": described(
                "The chunks of a claimed blob from one on, with its token",
                found(BYTES, {"minLength": CHUNK_LENGTH}),
                unknown,
                security=TOKEN,
            ),
            "put": described(
                "Store one to sixteen whole chunks from one on, with the blob's token",
                STORED,
                (*BODY_CODES, *unknown, "conflict", "attachment-too-large", "storage-full"),
                requestBody=body(BYTES, CHUNKS_LIMIT, {"minLength": CHUNK_LENGTH}),
                security=TOKEN,
            ),
        },
        API + "blobs/{blob}/chunks": {
            "get": described(
                "Which chunks are there, as half-open ranges",
                found(JSON, reference("StoredChunks")),
                unknown,
                security=TOKEN,
            ),
        },
        API + "blobs/{blob}": {
            "delete": described(
                "Erase a blob that nothing has claimed, with its token",
                {"204": {"description": "Erased, or there was none."}},
                (*unknown, "conflict"),
                security=TOKEN,
            ),
        },
    }
