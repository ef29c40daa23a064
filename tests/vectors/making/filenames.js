/** Vectors of safe names to save files under (PROTOCOL 16.8). What comes out is stated by hand. */

/** @import {Maker} from '../make.js' */

/** Each alone in its folder. @type {[string, string, [string, string][]][]} */
const ALONE = [
  [
    'plain',
    'Names that stay as they are.',
    ['report.pdf', 'Größe.JPG', '漢字.txt', 'a (2).txt', '_x', "it's #1 & 50%.txt", '📷.png'].map((name) => [
      name,
      name,
    ]),
  ],
  [
    'empty',
    'Nothing, or nothing that is left.',
    [
      ['', 'file'],
      [' ', 'file'],
      ['...', 'file'],
      [' . ', 'file'],
      ['a/', 'file'],
      ['\u202e', 'file'],
      ['\u2800', 'file'],
    ],
  ],
  [
    'path',
    'Parts of a path, with both slashes.',
    [
      ['/etc/passwd', 'passwd'],
      ['../../x.txt', 'x.txt'],
      ['C:\\Users\\me\\x.txt', 'x.txt'],
      ['a\\b/c\\d.txt', 'd.txt'],
      ['a/..', 'file'],
      ['C:x.txt', 'C_x.txt'],
      ['x.txt:stream', 'x_txt_stream'],
    ],
  ],
  [
    'direction',
    'Marks that turn the direction of text, or that nobody sees.',
    [
      ['annexe\u202efdp.exe', 'annexefdp.exe'],
      ['\u200ea\u200fb\u061c.txt', 'ab.txt'],
      ['\u2066a\u2069.txt', 'a.txt'],
      ['a\u200b\u200c\u200d\u2060\ufeffb.txt', 'ab.txt'],
      ['a\u{e0041}\u{e0100}\ufe0f\u3164b.txt', 'ab.txt'],
      ['a\u00adb\u180e\u034f.txt', 'ab.txt'],
    ],
  ],
  [
    'controls',
    'Control characters, ends of lines, private use, no characters.',
    [
      ['a\0b\n\r\tc\u007f\u0085.txt', 'abc.txt'],
      ['a\u2028b\u2029.txt', 'ab.txt'],
      ['\u001b[31mred.txt', '[31mred.txt'],
      ['a\ue000\u{f0000}\u{10ffff}\ufdd0\uffff.txt', 'a.txt'],
      ['a.t\u200bxt', 'a.txt'],
    ],
  ],
  [
    'half',
    'Halves of characters, as JavaScript can have them.',
    [
      ['a\ud83d.txt', 'a.txt'],
      ['\udcffb.txt', 'b.txt'],
      ['\ude00\ud83d', 'file'],
      ['\ud83d\ude00\ud83d.txt', '😀.txt'],
    ],
  ],
  [
    'blanks',
    'Blanks of all kinds, and many in a row.',
    [
      ['a\u00a0\u3000 b.txt', 'a b.txt'],
      ['bill.pdf          .exe', 'bill_pdf.exe'],
      [' a.txt ', 'a.txt'],
      ['a .txt', 'a.txt'],
      ['a. txt', 'a_ txt'],
    ],
  ],
  [
    'forbidden',
    'What Windows forbids.',
    [
      ['a<b>c:d"e|f?g*h.txt', 'a_b_c_d_e_f_g_h.txt'],
      ['?', '_'],
      ['<\u0338.txt', '_\u0338.txt'],
    ],
  ],
  [
    'extensions',
    'Only the last extension stays one.',
    [
      ['bill.pdf.exe', 'bill_pdf.exe'],
      ['archive.tar.gz', 'archive_tar.gz'],
      ['a..txt', 'a_.txt'],
      ['a.txt.', 'a.txt'],
      ['a.c++', 'a_c++'],
      ['a.12345678901', 'a_12345678901'],
      ['a.1234567890', 'a.1234567890'],
      ['a.ｅｘｅ', 'a_ｅｘｅ'],
      ['a.txt\u0301', 'a_tx\u0074\u0301'.normalize('NFC')],
      ['v1.2 final', 'v1_2 final'],
    ],
  ],
  [
    'leading',
    'Dots and dashes at the beginning.',
    [
      ['.bashrc', 'bashrc'],
      ['..a.txt', 'a.txt'],
      ['-rf', '_-rf'],
      ['--help.txt', '_--help.txt'],
      ['. -a', '_-a'],
      ['.-', '_-'],
    ],
  ],
  [
    'devices',
    'Devices of Windows, in any case and with any extension.',
    [
      ...[
        'CON',
        'con',
        'Prn',
        'AUX',
        'nul',
        'COM0',
        'com9',
        'LPT1',
        'lpt¹',
        'COM²',
        'com³',
        'CONIN$',
        'conout$',
      ].map((name) => /** @type {[string, string]} */ ([name, `_${name}`])),
      ['con.txt', '_con.txt'],
      ['NUL.tar.gz', 'NUL_tar.gz'],
      ['aux .h', '_aux.h'],
      ['c\u200bon', '_con'],
      ...['CONS', 'COM', 'COM10', 'COM⁴', 'ＣＯＮ', 'conın$', 'a con'].map(
        (name) => /** @type {[string, string]} */ ([name, name]),
      ),
    ],
  ],
  [
    'long',
    'Names that are cut, never inside of a character.',
    [
      [`${'x'.repeat(200)}.pdf`, `${'x'.repeat(116)}.pdf`],
      [`${'x'.repeat(116)}.pdf`, `${'x'.repeat(116)}.pdf`],
      [`${'x'.repeat(121)}`, 'x'.repeat(120)],
      [`x${'é'.repeat(100)}.pdf`, `x${'é'.repeat(57)}.pdf`],
      [`xx${'漢'.repeat(100)}.pdf`, `xx${'漢'.repeat(38)}.pdf`],
      [`x${'📷'.repeat(100)}.jpeg`, `x${'📷'.repeat(28)}.jpeg`],
      [`${'x'.repeat(119)} y`, 'x'.repeat(119)],
      [`-${'x'.repeat(200)}`, `_-${'x'.repeat(118)}`],
      [`${'e\u0301'.repeat(60)}.pdf`, `${'é'.repeat(58)}.pdf`],
    ],
  ],
  [
    'composed',
    'NFC, also where something stood between a letter and its accent.',
    [
      ['cafe\u0301.txt', 'café.txt'],
      ['café.txt', 'café.txt'],
      ['e\u200b\u0301.txt', 'é.txt'],
      ['\u212b.txt', 'Å.txt'],
      ['\u037e.txt', ';.txt'],
      ['q\u0323\u0307 q\u0307\u0323.txt', 'q\u0323\u0307 q\u0323\u0307.txt'],
      ['ﬁ①.txt', 'ﬁ①.txt'],
      ['\u1112\u1161\u11ab.txt', '한.txt'],
    ],
  ],
];

/** All in one folder. @type {[string, string, [string, string][]][]} */
const TOGETHER = [
  [
    'same',
    'The same name again.',
    [
      ['a.txt', 'a.txt'],
      ['a.txt', 'a (2).txt'],
      ['a.txt', 'a (3).txt'],
      ['a', 'a'],
      ['a', 'a (2)'],
      ['', 'file'],
      ['.', 'file (2)'],
    ],
  ],
  [
    'numbers',
    'Names that have a number already.',
    [
      ['a (2).txt', 'a (2).txt'],
      ['a.txt', 'a.txt'],
      ['a.txt', 'a (3).txt'],
      ['a (2).txt', 'a (2) (2).txt'],
      ['a (3).txt', 'a (3) (2).txt'],
      ['a.txt', 'a (4).txt'],
    ],
  ],
  [
    'alike',
    'Names that some file system takes for one.',
    [
      ['Straße.TXT', 'Straße.TXT'],
      ['STRASSE.txt', 'STRASSE (2).txt'],
      ['ｓｔｒａſſｅ.txt', 'ｓｔｒａſſｅ (3).txt'],
      ['cafe\u0301', 'café'],
      ['CAFÉ', 'CAFÉ (2)'],
      ['ΣΑΣ', 'ΣΑΣ'],
      ['σας', 'σας (2)'],
      ['σασ', 'σασ (3)'],
      ['\u212a', 'K'],
      ['k', 'k (2)'],
      ['\u0390', '\u0390'],
      ['\u03aa\u0301', '\u03aa\u0301 (2)'],
      ['ﬁ', 'ﬁ'],
      ['FI', 'FI (2)'],
    ],
  ],
  [
    'cut',
    'Names that are one only when they are cut.',
    [
      [`${'x'.repeat(116)}a.pdf`, `${'x'.repeat(116)}.pdf`],
      [`${'x'.repeat(116)}b.pdf`, `${'x'.repeat(116)} (2).pdf`],
    ],
  ],
  [
    'devices-again',
    'A device twice.',
    [
      ['con', '_con'],
      ['CON', '_CON (2)'],
      ['_con', '_con (3)'],
    ],
  ],
];

/** @param {Maker} maker */
export async function makeFilenames(maker) {
  const make = (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {string[][]} */ folders,
    /** @type {string[][]} */ safe,
  ) => maker.ok(`filename-${name}`, about, 'safe-names', {folders}, {folders: safe});
  for (const [name, about, cases] of TOGETHER)
    await make(name, about, [cases.map(([given]) => given)], [cases.map(([, safe]) => safe)]);
  for (const [name, about, cases] of ALONE)
    await make(
      name,
      about,
      cases.map(([given]) => [given]),
      cases.map(([, safe]) => [safe]),
    );
}
