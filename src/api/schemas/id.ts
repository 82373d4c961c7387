import { z } from 'zod';

/** A UUID as it is sent, of whatever version and case; compared in lower case. */
export const uuid = z.guid('must be a UUID').toLowerCase();

/** A UUID as we send it. */
export const shownUuid = z.guid().meta({ format: 'uuid', example: '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f' });

/** The path of one object. */
export const idParams = z.object({ id: uuid });
