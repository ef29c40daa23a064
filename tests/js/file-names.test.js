/** What a page says of a file's name: a warning for those that mislead, and for no others. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {misleads} from '../../static/js/parts/file_names.js';

const HONEST = [
  ...[
    'Coördinatie één.pdf'.normalize('NFD'),
    'Notulen 15.03.2024.docx',
    'Verslag v1.2.docx',
    'archief.tar.gz',
    'gewoon.pdf',
    'README',
    '.gitignore',
  ],
  ...[
    'Wie wist ervan?.pdf',
    'Brief: vervolg.pdf',
    '-1 plan.txt',
    'con.txt',
    'einde.',
    'Brief.pdf ',
    'app.min.js',
    'setup.exe',
    'setup.v2.exe',
    'mail van nrc.com.pdf',
  ],
  ...[
    'Schermafbeelding om 3.15.22\u202fPM.png',
    'twee  spaties.txt',
    'می\u200cخواهم.pdf',
    '👩\u200d💻 ❤\ufe0f.jpg',
    'foto 漢字.jpg',
    `${'lang '.repeat(50)}.pdf`,
  ],
];
const MISLEADING = [
  ...[
    'besluit\u202efdp.exe',
    'a\u2067b.pdf',
    'a\u200eb.pdf',
    'on\u00adzichtbaar.pdf',
    'a\u200bb.pdf',
    'a\ufeffb.pdf',
    'a\u3164b.pdf',
    'twee\nregels.txt',
    'a\0b.txt',
    'a\u{e0041}.txt',
  ],
  ...[
    'foto.jpg.exe',
    'foto.JPG.Exe',
    'foto.jpg .scr',
    'factuur.pdf.js',
    'setup.exe.txt',
    'foto.jpg.exe. ',
    'setup.exe .',
    `foto.jpg${' '.repeat(5)}.bin`,
  ],
  ...[
    `foto.jpg${'\u3000'.repeat(40)}x`,
    `foto.jpg${'\u2800'.repeat(40)}.exe`,
    `foto.jpg${'\u00a0 '.repeat(20)}.exe`,
  ],
];

for (const name of HONEST) test(`honest: ${JSON.stringify(name)}`, () => assert.equal(misleads(name), false));
for (const name of MISLEADING)
  test(`misleading: ${JSON.stringify(name)}`, () => assert.equal(misleads(name), true));
