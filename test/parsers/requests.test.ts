import { IncomingMessage, validateHeaderName, validateHeaderValue } from 'node:http';
import { isIP, Socket } from 'node:net';
import fc from 'fast-check';
import { ApiError } from '../../src/api/errors/api-error';
import { createAuthenticate } from '../../src/api/middleware/authenticate';
import { parseBasic } from '../../src/api/middleware/basic-auth';
import { readForm } from '../../src/api/middleware/form-body';
import { readJsonBody } from '../../src/api/middleware/json-body';
import { mediaType } from '../../src/api/middleware/read-body';
import { createSchemaReader } from '../../src/api/schema-reader';
import { instant } from '../../src/api/schemas/time';
import { consentIdOf, uuidOfConsentId } from '../../src/domain/consent/id';
import { checkCustomHeader } from '../../src/domain/custom-headers';
import type { JsonObject } from '../../src/domain/event';
import { judgePayload } from '../../src/domain/json-schema-judge';
import { checkTargetUrl } from '../../src/domain/url-policy';
import { decodeCursor, encodeCursor, idBounds, InvalidCursor } from '../../src/store/cursor';
import { anyText, near, outcomeOf, settledOf } from './texts';

/** What callers of the API write: each reader answers with what it read or with its own error, whatever comes. */

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  anyText.map((text) => new Uint8Array(Buffer.from(text))),
  near(fc.json()).map((text) => new Uint8Array(Buffer.from(text))),
);

function request(body: Uint8Array, contentType: string): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  message.headers = { 'content-type': contentType, 'content-length': String(body.length) };
  message.push(body);
  message.push(null);
  return message;
}

const jsonTypes = near(
  fc.constantFrom('application/json', 'application/json; charset=utf-8', 'application/json;charset="UTF-8"'),
);
const formType = 'application/x-www-form-urlencoded';

describe('a body', () => {
  it('of whatever bytes and type is a JSON object, or refused with 400, 413 or 415', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, jsonTypes, async (body, type) => {
        const outcome = await settledOf(() => readJsonBody(request(body, type), 100));
        if ('value' in outcome) {
          const { value } = outcome;
          expect(value === undefined ? body.length : JSON.parse(Buffer.from(body).toString('utf8'))).toEqual(
            value ?? 0,
          );
        } else {
          expect(outcome.error).toBeInstanceOf(ApiError);
          expect([400, 413, 415]).toContain((outcome.error as ApiError).status);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('of whatever bytes is a form, or refused with 400 or 413', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, async (body) => {
        const outcome = await settledOf(() => readForm(request(body, formType)));
        if ('error' in outcome) {
          expect(outcome.error).toBeInstanceOf(ApiError);
          expect([400, 413]).toContain((outcome.error as ApiError).status);
        }
      }),
    );
  });

  it('that is a form gives back what was written', async () => {
    const fields = fc.dictionary(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.string({ unit: 'grapheme', minLength: 1 }),
    );
    await fc.assert(
      fc.asyncProperty(fields, async (sent) => {
        const body = Buffer.from(new URLSearchParams(sent).toString());
        fc.pre(body.length < 8_000);
        const form = await readForm(request(body, formType));
        expect(Object.fromEntries(form)).toEqual({ ...sent });
      }),
    );
  });

  it('has a type, whatever stands in Content-Type', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { type, charset } = mediaType(text);
        expect([typeof type, typeof charset]).toEqual(['string', 'string']);
      }),
    );
  });
});

describe('an Authorization header', () => {
  const word = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/\p{Cc}/u.test(text));
  const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

  it('of Basic gives back the user name and the password, which may have colons', () => {
    fc.assert(
      fc.property(
        word.filter((user) => !user.includes(':')),
        word,
        (user, password) => {
          const parsed = parseBasic(basic(user, password));
          expect([parsed?.username, parsed?.password.reveal()]).toEqual([user, password]);
        },
      ),
    );
  });

  it('of Basic has one reading or none, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyText, near(fc.tuple(word, word).map(([user, password]) => basic(user, password)))),
        (header) => {
          const parsed = parseBasic(header);
          if (parsed) expect(basic(parsed.username, parsed.password.reveal()).slice(6)).toBe(header.slice(6).trim());
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is refused with 401 as long as it is no token of ours', async () => {
    const authenticate = createAuthenticate({
      tokens: { issue: () => Promise.reject(new Error('not asked')), verify: () => Promise.resolve(null) },
      tenants: { findClient: () => Promise.resolve(null) },
      refusals: { note: () => {} },
    });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(anyText, near(fc.constant('Bearer abc.def.ghi'))),
        fc.boolean(),
        async (header, bareToken) => {
          const outcome = await settledOf(() => authenticate(header, { bareToken, requestId: 'r', address: 'a' }));
          expect('error' in outcome && outcome.error instanceof ApiError && outcome.error.status).toBe(401);
        },
      ),
    );
  });
});

describe('a query', () => {
  it('has a cursor of ours, whose id it gives back, or one that is refused', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.uuid().map(encodeCursor), near(fc.uuid().map(encodeCursor))), (cursor) => {
        const id = decodeCursor(cursor);
        if (id !== null) expect(encodeCursor(id)).toBe(cursor);
        const outcome = outcomeOf(() => idBounds({ limit: 1, cursor }));
        expect('error' in outcome ? outcome.error instanceof InvalidCursor : outcome.value.below).toBe(id ?? true);
      }),
      { numRuns: 500 },
    );
  });

  it('has an instant between 1970 and 10000, or one that is refused', () => {
    const time = fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
    fc.assert(
      fc.property(fc.oneof(anyText, time, near(time)), (text) => {
        const { success, data } = instant.safeParse(text);
        if (success) expect(data.getTime() >= 0 && data.getUTCFullYear() < 10_000).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('an id', () => {
  it('of a consent gives back its UUID, and nothing else does', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.uuid().map(consentIdOf), near(fc.uuid().map(consentIdOf))), (text) => {
        const uuid = uuidOfConsentId(text);
        if (uuid !== null) expect(consentIdOf(uuid)).toBe(text.toLowerCase());
      }),
      { numRuns: 500 },
    );
  });
});

describe('a target', () => {
  const url = fc.webUrl({ validSchemes: ['https'], withQueryParameters: true });

  it('that is accepted is https to a name, and accepted again as it is', () => {
    const authority = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), anyText).map((host) => `https://${host}/x`);
    fc.assert(
      fc.property(fc.oneof(anyText, near(url), near(authority)), fc.boolean(), (raw, allowQuery) => {
        const rules = { allowQuery, allowedOrigins: [] };
        const verdict = checkTargetUrl(raw, rules);
        if (!verdict.ok) return;
        const { protocol, hostname, username, password, hash } = new URL(verdict.url);
        expect([protocol, username, password, hash, isIP(hostname)]).toEqual(['https:', '', '', '', 0]);
        expect(checkTargetUrl(verdict.url, rules)).toEqual(verdict);
      }),
      { numRuns: 1_000 },
    );
  });

  it('has only such headers as node:http sends unchanged', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyText, near(fc.constant('X-Team'))),
        fc.oneof(anyText, near(fc.constant('b c'))),
        (name, value) => {
          if (checkCustomHeader(name, value) !== null) return;
          validateHeaderName(name);
          validateHeaderValue(name, value);
          expect(Buffer.from(value, 'latin1').toString('ascii')).toBe(value);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('a schema of a tenant', () => {
  const read = createSchemaReader();
  const keyword = fc.constantFrom(
    ...[
      '$ref',
      '$defs',
      'type',
      'enum',
      'const',
      'pattern',
      'properties',
      'patternProperties',
      'items',
      'allOf',
      'not',
    ],
    ...['if', 'then', 'required', 'minimum', 'multipleOf', 'maxLength', 'format', 'uniqueItems', '$dynamicRef', 'x'],
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom<unknown>(
        '#',
        '#/$defs/x',
        'string',
        'object',
        '(a+)+$',
        '[',
        'date-time',
        0,
        -1,
        0.1,
        1e308,
        null,
        true,
      ),
      fc.dictionary(keyword, tie('value'), { maxKeys: 4 }),
      fc.array(tie('value'), { maxLength: 3 }),
    ),
  }));
  /** As the judge stops at the step that is one too many. */
  const mostSteps = 200_000;
  const asJson = (made: unknown) => JSON.parse(JSON.stringify(made)) as JsonObject;

  it('of whatever JSON is read or refused, and judges in so many steps and no more', () => {
    let readable = 0;
    const payload = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(fc.dictionary(keyword, value), payload, (schema, sent) => {
        const result = read(asJson(schema));
        if ('issues' in result) return expect(result.issues.length).toBeGreaterThan(0);
        readable += 1;
        const { issues, steps } = judgePayload(result.schema, asJson(sent));
        expect(Array.isArray(issues)).toBe(true);
        // One step of a comparison may be as long as what it compares.
        expect(steps).toBeLessThan(mostSteps + 100_000);
      }),
      { numRuns: 1_000 },
    );
    expect(readable).toBeGreaterThan(50);
  });
});
