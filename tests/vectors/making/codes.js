/** Vectors of PROTOCOL 2 to 4: codes, keys, signatures, HPKE, ratchet. */
import {Buffer} from 'node:buffer';
import {formatCode} from '../../../static/js/crypto/secret/codes.js';
import {b64, dayText} from '../../../static/js/crypto/public/encoding.js';
import {concat, utf8} from '../../../static/js/crypto/public/bytes.js';
import {publicBytes} from '../../../static/js/crypto/secret/hpke.js';
import {sealSlot} from '../../../static/js/crypto/secret/hpke_seal.js';
import {TYPES, publicKey, sign} from '../../../static/js/crypto/public/signatures.js';
import {seeded} from '../../js/kit/randomness.js';
import {TODAY, WEEK} from '../../js/kit/opaque_organisation.js';

/** @import {Maker} from '../make.js' */
/** @import {Kind} from '../../../static/js/crypto/shapes.d.ts' */

const NOTHING = {group: 0, kind: '', correction: ''};
const random = seeded('vectors: codes');

/** @param {string} text @param {number} at @param {string} by */
const replaced = (text, at, by) => text.slice(0, at) + by + text.slice(at + by.length);
const another = (/** @type {string} */ letters, /** @type {string} */ not) =>
  [...letters].find((letter) => !not.includes(letter)) ?? '';

/** @param {Maker} maker */
async function makeParsing(maker) {
  const secret = random(14);
  const code = formatCode(secret, 'receipt');
  for (const kind of /** @type {Kind[]} */ (['receipt', 'access', 'custodian'])) {
    await maker.ok(`code-format-${kind}`, 'The same secret as a code of each kind.', 'format-code', {
      secret: b64(secret),
      kind,
    });
    await maker.ok(`code-${kind}`, 'A code of the kind asked for.', 'parse-code', {
      text: formatCode(secret, kind),
      kind,
    });
  }
  const spelled = {
    spaces: code.replaceAll('-', ' '),
    upper: code.toUpperCase(),
    run: code.replaceAll('-', ''),
    dashes: code.replaceAll('-', '\u2013'),
    separators: ` ${code.replaceAll('-', ',\n')}.\u00a0`,
  };
  for (const [name, text] of Object.entries(spelled))
    await maker.ok(`code-written-${name}`, 'The same code as people write it.', 'parse-code', {
      text,
      kind: 'receipt',
    });
  const wide = [...code.toUpperCase()]
    .map((sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0))
    .join('');
  const groups = code.split('-');
  const arriving = {
    'full-width': wide,
    'full-width-numbers': wide
      .split('\uff0d')
      .map((group, at) => `\uff10${String.fromCharCode(0xff11 + at)}\uff0e${group}`)
      .join('\u3000'),
    apostrophes: groups.map((group) => `'${group}'`).join(' '),
    bullets: groups.map((group) => `\u2022 ${group};`).join('\n'),
    lines: groups.map((group) => `${group}\r`).join(''),
    unseen: `\u200b${groups.map((group) => [...group].join('\u200d')).join('\ufeff-')}\ufe0f`,
  };
  for (const [name, text] of Object.entries(arriving))
    await maker.ok(`code-arriving-${name}`, 'The same code as it arrives from elsewhere.', 'parse-code', {
      text,
      kind: 'receipt',
    });
  const parse = (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {string} */ text,
    /** @type {string} */ failure,
    more = {},
  ) =>
    maker.fails(`code-${name}`, about, 'parse-code', {text, kind: 'receipt'}, failure, {...NOTHING, ...more});
  await parse('seven-groups', 'One group is missing.', code.slice(6), 'code-malformed');
  await parse('empty', 'Nothing was typed.', '', 'code-malformed');
  await parse(
    'digit',
    'A digit in place of a letter: the group is named, and the letter mended.',
    replaced(code, 19, '1'),
    'code-malformed',
    {group: 4, correction: code},
  );
  await parse(
    'short-group',
    'A letter is missing, which is no slip that is mended.',
    replaced(code, 12, '-').replace('--', '-'),
    'code-malformed',
    {group: 2 + 1},
  );
  await parse(
    'two-digits',
    'Two letters out of form.',
    replaced(replaced(code, 0, '1'), 18, '1'),
    'code-malformed',
    {group: 1},
  );
  await parse(
    'numbers-alone',
    'Numbers before groups of which one is missing.',
    groups
      .slice(1)
      .map((group, at) => `${at + 1}. ${group}`)
      .join(' '),
    'code-malformed',
  );
  await parse(
    'unseen-digit',
    'A digit within a group, beside a sign that is not seen: that group is named.',
    replaced(code, 7, '1').replace('1', '\u200b1'),
    'code-malformed',
    {group: 2, correction: code},
  );
  const letter = another('bdfghjklmnprstvz', code.charAt(24));
  await parse(
    'letter',
    'One letter replaced by another that fits the form.',
    replaced(code, 24, letter),
    'code-checksum',
    {correction: code},
  );
  await parse(
    'neighbours',
    'Two letters swapped inside a group, which breaks its form.',
    replaced(code, 6, code.charAt(7) + code.charAt(6)),
    'code-malformed',
    {group: 2, correction: code},
  );
  const border = [4, 10, 16, 22, 28, 34, 40].find((at) => code.charAt(at) !== code.charAt(at + 2)) ?? 4;
  await parse(
    'border',
    "Two letters swapped over a group's border.",
    replaced(code, border, `${code.charAt(border + 2)}-${code.charAt(border)}`),
    'code-checksum',
    {correction: code},
  );
  await parse(
    'groups',
    'Two neighbouring groups swapped.',
    replaced(code, 30, `${code.slice(36, 41)}-${code.slice(30, 35)}`),
    'code-checksum',
    {correction: code},
  );
  await parse(
    'groups-in-doubt',
    'Two neighbouring groups swapped, but another slip would explain it too: nothing is offered.',
    replaced(code, 12, `${code.slice(18, 23)}-${code.slice(12, 17)}`),
    'code-checksum',
  );
  const wrong = replaced(
    replaced(code, 0, another('bdfghjklmnprstvz', code.charAt(0))),
    26,
    another('bdfghjklmnprstvz', code.charAt(26)),
  );
  await parse('two-letters', 'Two letters replaced: nothing is offered.', wrong, 'code-checksum');
  await parse(
    'access-for-receipt',
    'An access code where a receipt is asked for.',
    formatCode(secret, 'access'),
    'code-wrong-kind',
    {kind: 'access'},
  );
  await parse(
    'custodian-for-receipt',
    "A custodian's code where a receipt is asked for.",
    formatCode(secret, 'custodian'),
    'code-wrong-kind',
    {kind: 'custodian'},
  );
}

/** @param {Maker} maker */
async function makeSignatures(maker) {
  const [seed, body] = [random(32), utf8('body')];
  const signature = sign(seed, TYPES.message, body);
  const input = {key: b64(publicKey(seed)), type: TYPES.message, body: b64(body), signature: b64(signature)};
  await maker.ok('signature', 'A signature for its purpose.', 'verify-signature', input, {valid: true});
  await maker.ok(
    'signature-type',
    'The same signature for another purpose.',
    'verify-signature',
    {...input, type: TYPES.signIn},
    {valid: false},
  );
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = signature.slice(32).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n) + order;
  const larger = Uint8Array.from({length: 32}, (_, n) => Number((s >> BigInt(8 * n)) & 255n));
  await maker.ok(
    'signature-s',
    'S is larger than the group order, by exactly it.',
    'verify-signature',
    {...input, signature: b64(concat(signature.slice(0, 32), larger))},
    {valid: false},
  );
  const identity = concat(Uint8Array.of(1), new Uint8Array(31));
  await maker.ok(
    'signature-identity',
    'Key and R are the identity, S is zero: fits any message.',
    'verify-signature',
    {...input, key: b64(identity), signature: b64(concat(identity, new Uint8Array(32)))},
    {valid: false},
  );
}

/**
 * A public key whose ML-KEM number `index`, of twelve bits, is another.
 * @param {Uint8Array} key
 * @param {number} index
 * @param {number} value
 */
function withNumber(key, index, value) {
  const changed = key.slice();
  const at = Math.floor(index / 2) * 3;
  const [low, middle, high] = [Number(key[at]), Number(key[at + 1]), Number(key[at + 2])];
  const pair =
    index % 2
      ? [low, (middle & 15) | ((value & 15) << 4), value >> 4]
      : [value & 255, (middle & 240) | (value >> 8), high];
  changed.set(pair, at);
  return changed;
}

/**
 * Points of X25519 of small order, and how else they can be written: modulo 2^255 - 19, with any highest bit.
 */
const SMALL_ORDER = {
  0: '0000000000000000000000000000000000000000000000000000000000000000',
  1: '0100000000000000000000000000000000000000000000000000000000000000',
  'order-8': 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  'order-8-other': '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'minus-1': 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  p: 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'p-plus-1': 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'highest-bit': '0100000000000000000000000000000000000000000000000000000000000080',
};

/** @param {Maker} maker */
async function makePublicKeys(maker) {
  const key = publicBytes(seeded('vectors: public keys')(32));
  const check = (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {Uint8Array} */ bytes,
    valid = false,
  ) => maker.ok(`public-key${name}`, about, 'public-key', {key: b64(bytes)}, {valid});
  await check('', "A week's public key.", key, true);
  await check('-short', 'A byte is missing.', key.subarray(0, 1215));
  await check('-long', 'A byte too many.', concat(key, Uint8Array.of(0)));
  await check(
    '-largest',
    'Numbers as large as they may be.',
    withNumber(withNumber(key, 0, 3328), 767, 3328),
    true,
  );
  for (const index of [0, 1, 767])
    await check(
      `-number-${index}`,
      `Number ${index} of the ML-KEM key is its modulus.`,
      withNumber(key, index, 3329),
    );
  await check('-number-high', 'A number of twelve set bits.', withNumber(key, 400, 4095));
  for (const [name, point] of Object.entries(SMALL_ORDER)) {
    await check(
      `-point-${name}`,
      `The X25519 point is of small order: ${name}.`,
      concat(key.subarray(0, 1184), new Uint8Array(Buffer.from(point, 'hex'))),
    );
  }
  const nine = concat(Uint8Array.of(9), new Uint8Array(30), Uint8Array.of(128));
  await check(
    '-point-bit',
    'The highest bit of the X25519 point is set, and is ignored.',
    concat(key.subarray(0, 1184), nine),
    true,
  );
}

/** @param {Maker} maker */
export async function makeCodes(maker) {
  await makeParsing(maker);
  const [secret, organisation] = [b64(random(14)), b64(random(32))];
  await maker.ok('keys-receipt', 'All that follows from a receipt.', 'keys', {
    kind: 'receipt',
    secret,
    organisation,
  });
  await maker.ok('keys-access', 'All that follows from an access code.', 'keys', {
    kind: 'access',
    secret,
    organisation,
  });
  await maker.ok('keys-custodian', "All that follows from a custodian's code.", 'keys', {
    kind: 'custodian',
    secret,
  });
  await makeSignatures(maker);
  await makePublicKeys(maker);
  const [seed, info] = [random(32), utf8('drempel/1/slot')];
  const sealed = b64(await sealSlot(publicBytes(seed), info, random(32), random));
  await maker.ok('slot', 'HPKE with X-Wing, single shot.', 'open-slot', {
    seed: b64(seed),
    info: b64(info),
    sealed,
  });
  await maker.fails(
    'slot-info',
    'The same for another purpose.',
    'open-slot',
    {seed: b64(seed), info: b64(utf8('drempel/1/other')), sealed},
    'envelope-no-slot',
  );
  await maker.fails(
    'slot-key',
    'The same for another key.',
    'open-slot',
    {seed: b64(random(32)), info: b64(info), sealed},
    'envelope-no-slot',
  );
  const chain = b64(random(32));
  for (const steps of [0, 1, 27])
    await maker.ok(`ratchet-${steps}`, 'The seed and public key of a later week.', 'ratchet', {
      week: WEEK,
      chain,
      at: WEEK + steps,
    });
  const forget = (/** @type {number} */ synced) => ({
    week: WEEK - 12,
    chain,
    synced: dayText(synced),
    today: dayText(TODAY),
  });
  await maker.ok(
    'forget',
    'Weeks that are synced and past their grace are forgotten.',
    'forget',
    forget(TODAY),
    {week: WEEK - 8},
  );
  await maker.ok(
    'forget-unsynced',
    'Grace is over, but not all days of the week are synced.',
    'forget',
    forget(TODAY - 77),
    {week: WEEK - 11},
  );
  await maker.ok(
    'forget-nothing',
    'Nothing is forgotten before it is synced.',
    'forget',
    forget(TODAY - 100),
    {week: WEEK - 12},
  );
}
