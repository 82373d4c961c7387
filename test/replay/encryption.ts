import { createDataConverter } from '../../src/platform/data-converter';
import { codecOf } from '../support/codec';

/** What the histories in `encrypted/` were recorded under: no secret. */
export const recordedKey = `recorded:${Buffer.alloc(32, 'replay').toString('base64')}`;

/** For recording and replaying them. */
export const recordedDataConverter = () => createDataConverter(codecOf(recordedKey));

/** Cases recorded once more with the codec, one or two a type: what they hold in other respects does not matter to it. */
export const encryptedCases = [
  'delivery/failed',
  'delivery/recorded-later',
  'consent/rejected-then-consumed',
  'credential/key-undone',
];
