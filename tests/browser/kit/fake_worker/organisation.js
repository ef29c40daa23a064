/** An organisation with a channel of every sort, for screens that nobody should have to wait for. */

/** @import {ChannelView, Overview, Person, Text} from '../../../../static/js/worker/views.js' */

/** @param {string} nl @param {string} en @returns {Text} */
export const both = (nl, en) => ({nl, en});

/** @param {string} id @param {string} name the same in all languages @param {Text} role @returns {Person} */
const person = (id, name, role) => ({id, name: both(name, name), role});

const adviser = both('vertrouwenspersoon', 'confidential adviser');
const member = both('lid van de klachtencommissie', 'member of the complaints committee');
const investigator = both('lid van de integriteitscommissie', 'member of the integrity committee');

export const ADVISERS = [person('jansen', 'Mieke Jansen', adviser), person('yilmaz', 'Cem Yılmaz', adviser)];
export const MEMBERS = [person('de-boer', 'Anke de Boer', member), person('bakker', 'Tom Bakker', member)];
const INVESTIGATORS = [person('el-amrani', 'Samira El Amrani', investigator)];

export const KINDS = [
  {id: 'wrongdoing', name: both('Vermoeden van een misstand', 'Suspected wrongdoing')},
  {id: 'integrity', name: both('Integriteitsschending', 'Integrity violation')},
  {id: 'behaviour', name: both('Ongewenste omgangsvormen', 'Undesirable behaviour')},
];

/** @type {ChannelView} */
const ADVISER = {
  id: 'confidential-adviser',
  name: both('Vertrouwenspersoon', 'Confidential adviser'),
  description: both(
    'Luistert, denkt mee en zegt welke wegen er zijn. Doet niets zonder u.',
    'Listens, thinks along and tells you which ways there are. Does nothing without you.',
  ),
  kinds: ['wrongdoing', 'integrity', 'behaviour'],
  recipients: ADVISERS,
  missing: [],
  closed: false,
  informed: [],
  routes: [],
};

/** @type {ChannelView} */
const COMPLAINTS = {
  id: 'complaints-committee',
  name: both('Klachtencommissie', 'Complaints committee'),
  description: both(
    'Onderzoekt klachten over ongewenste omgangsvormen en adviseert de leiding.',
    'Investigates complaints about undesirable behaviour and advises the management.',
  ),
  kinds: ['behaviour'],
  recipients: MEMBERS,
  missing: [{id: 'bakker', name: both('Tom Bakker', 'Tom Bakker'), code: 'statement-expired'}],
  closed: false,
  informed: [both('De secretaris-generaal, zonder namen', 'The secretary-general, without names')],
  routes: [],
};

/** @type {ChannelView} */
const INTEGRITY = {
  id: 'integrity-committee',
  name: both('Integriteitscommissie', 'Integrity committee'),
  description: both(
    'Onafhankelijke commissie die vermoedens van misstanden en integriteitsschendingen onderzoekt.',
    'Independent committee that investigates suspected wrongdoing and integrity violations.',
  ),
  kinds: ['wrongdoing', 'integrity'],
  recipients: INVESTIGATORS,
  missing: [
    {id: 'el-amrani', name: both('Samira El Amrani', 'Samira El Amrani'), code: 'statement-signature'},
  ],
  closed: true,
  informed: [],
  routes: [
    {
      name: both('Huis voor Klokkenluiders', 'Dutch Whistleblowers Authority'),
      url: 'https://www.huisvoorklokkenluiders.nl/',
    },
    {name: both('Bel het meldpunt', 'Call the reporting point'), url: 'tel:+31881331000'},
  ],
};

/** @type {Overview} */
const OVERVIEW = {
  name: both('Ministerie van Voorbeeldzaken', 'Ministry of Example Affairs'),
  fingerprint: 'q5N2x1yQv0mJm7b8cVtGgkXn0y3rY8e4B2dT6wLhUoA',
  verified: true,
  languages: ['nl', 'en'],
  policy: {retention_days: 730, acknowledge_days: 7, feedback_days: 92},
  kinds: KINDS,
  channels: [ADVISER, COMPLAINTS, INTEGRITY],
  largestFile: 4 * 1024 ** 3,
};

/** @type {Record<string, Overview>} */
export const OVERVIEWS = {
  plain: OVERVIEW,
  unverified: {...OVERVIEW, verified: false},
  single: {...OVERVIEW, channels: [ADVISER]},
  small: {...OVERVIEW, largestFile: 100},
};
