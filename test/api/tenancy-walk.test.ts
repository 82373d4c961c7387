import { startTestApi, type Answer, type TestApi } from '../support/api';
import type { OpenApiDocument } from '../support/openapi-conformance';
import { openApiSamples, withValue, type Place } from '../support/openapi-samples';
import { giveEstate, newHolder, unknownIds, type Estate, type Holder } from './tenancy-estate';

/**
 * Every operation of the OpenAPI document is called with everything of another tenant that it can name, and with what
 * nobody has. A new operation is walked as soon as it is in the document; one whose ids, or whose texts, are not known
 * here yet fails.
 */

interface Operation {
  name: string;
  method: string;
  path: string;
  security: Record<string, string[]>[];
  parameters: { name: string; in: string; schema: object }[];
  body: object | undefined;
}

let api: TestApi;
let owner: Holder;
let estate: Estate;
let operations: Operation[];
let samples: ReturnType<typeof openApiSamples>;
let references: Record<string, Reference[]>;
/** All that have rows of tenants. */
let tables: string[];
/** What the owner has. */
let before: string[];
/** Statements of the API's database since it was last emptied. */
const statements: string[] = [];

/** Something of another tenant, and its like that nobody has. `beside`: what has to be said with it. */
interface Reference {
  theirs: string;
  unknown: string;
  beside?: Record<string, string>;
}

/** Texts that name nothing of anybody: a caller's own words. What is new here must be looked at, and sorted. */
const ownWords = new Set([
  ...['targetUrl', 'url', 'targetURL', 'tokenURL', 'endpoint', 'URL'],
  ...['username', 'password', 'user', 'clientID', 'clientSecret', 'authenticationType'],
  ...['description', 'reason', 'identification', 'Name', 'Value'],
  // Read-only: a record may be sent back as it was shown, and these are not looked at.
  ...['CreatedAt', 'UpdatedAt', 'Secret'],
  // Names of actions, of which the audit log has a fixed set.
  'action',
]);

/** Names are a tenant's own: the same one is free for every other. */
const makesByName: Record<string, number> = { putEventType: 201 };

beforeAll(async () => {
  api = await startTestApi();
  owner = await newHolder(api);
  estate = await giveEstate(api, owner, { name: 'their', count: 2 });
  const document = (await api.call('GET', '/openapi.json')).json as OpenApiDocument;
  samples = openApiSamples(document);
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => {
      const { requestBody } = described as { requestBody?: { content: Record<string, { schema: object }> } };
      return {
        name: described.operationId,
        method: method.toUpperCase(),
        path,
        security: described.security,
        parameters: described.parameters ?? [],
        body: requestBody?.content['application/json']?.schema,
      };
    }),
  );
  references = referencesTo(estate);
  const columns = api
    .database('information_schema.columns')
    .where({ column_name: 'tenant_id', table_schema: 'public' });
  tables = (await columns.select<{ table_name: string }[]>('table_name')).map((column) => column.table_name);
  before = await ownersThings();
  api.database.on('query', ({ sql }: { sql: string }) => {
    // Who asks is looked up again every 5 seconds, whatever is asked for.
    if (!sql.includes('from "clients"')) statements.push(sql);
  });
}, 60_000);
afterAll(() => api.close());

function referencesTo({ webhookIds, eventId, eventType, channel, credential, paths }: Estate) {
  const cursorOf = (text = '') => Buffer.from(text).toString('base64url');
  const unknownId = unknownIds.id ?? '';
  const types = { theirs: eventType, unknown: 'nobodys.alone' };
  const channels = { theirs: channel, unknown: 'nobodys-channel' };
  const events = { theirs: eventId, unknown: 'nobodys-event' };
  const { apiKeyId, appSlug, appName, developer } = credential;
  return {
    webhookId: webhookIds.map((theirs) => ({ theirs, unknown: unknownId })),
    eventId: [events],
    id: [events],
    'Idempotency-Key': [events],
    type: [types],
    eventType: [types],
    events: [types],
    channel: [channels],
    channels: [channels],
    cursor: [
      { theirs: cursorOf(webhookIds[0]), unknown: cursorOf(unknownId) },
      { theirs: cursorOf(paths['/api/v1/deliveries/{id}']?.[0]), unknown: cursorOf(unknownId) },
      { theirs: cursorOf(eventType), unknown: cursorOf('nobodys.alone') },
    ],
    apiKeyId: [{ theirs: apiKeyId, unknown: 'key-of-nobody' }],
    clientId: [{ theirs: apiKeyId, unknown: 'key-of-nobody' }],
    appSlug: [{ theirs: appSlug, unknown: 'nobodys-slug' }],
    appName: [{ theirs: appName, unknown: "nobody's app", beside: { developer } }],
    developer: [{ theirs: developer, unknown: 'nobody@example.com', beside: { appName } }],
  };
}

const isWalked = ({ security }: Operation) => security.some((one) => 'oauth2' in one || 'portalBasic' in one);
const pathParameters = ({ path }: Operation) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
/** What the estate calls the place of a parameter. */
const placeOf = ({ path }: Operation, parameter: string) =>
  path.slice(0, path.indexOf(`{${parameter}}`) + parameter.length + 2);

interface Sent {
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** One call of an operation by a tenant that has just been made. `said`: what is replaced before answers are compared. */
async function ask(operation: Operation, as: Holder, { path, body, headers }: Sent, said: readonly string[]) {
  statements.length = 0;
  const isPortals = operation.security.some((one) => 'portalBasic' in one);
  const answer = await api.call(operation.method, path, {
    ...(body !== undefined && { body }),
    ...(!isPortals && { token: as.client.token }),
    headers: { ...headers, ...(isPortals && { Authorization: as.basic }), 'X-Request-Id': 'same' },
  });
  return { ...shown(answer, said), statements: [...statements] };
}

/** An answer without what differs between two answers that say the same. */
function shown({ status, text, headers }: Answer, said: readonly string[]) {
  const alike = (sent: string) =>
    [...said, ...said.map(encodeURIComponent)]
      // A number of one digit would be replaced in other numbers too.
      .filter((one) => one.length > 8)
      .reduce((now, one) => now.replaceAll(one, '<said>'), sent)
      .replaceAll(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g, '<uuid>')
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d\.\d{3}Z)?/g, '<time>')
      .replaceAll(/whsec_[\w+/=]+/g, '<secret>');
  const kept = [...headers].filter(([name]) => !['date', 'content-length'].includes(name));
  return { status, text: alike(text), headers: kept.map(([name, value]) => `${name}: ${alike(value)}`) };
}

/** Every row that is stored of the owner, and everything that the Temporal side was asked about it. */
async function ownersThings(): Promise<string[]> {
  const { tenantId } = owner.client;
  const rowsOf = (table: string) => `SELECT '${table} ' || t::text AS row FROM ${table} t WHERE tenant_id = :tenantId`;
  const { rows } = await api.database.raw<{ rows: { row: string }[] }>(
    `${tables.map(rowsOf).join(' UNION ALL ')} ORDER BY 1`,
    { tenantId },
  );
  const { runs, consentRuns, credentialRuns } = api;
  const asked = [runs.started, runs.asked, consentRuns.started, consentRuns.acted, credentialRuns.told];
  const told = [...asked.flat(), ...credentialRuns.nudged].map((one) => JSON.stringify(one));
  const names = [tenantId, ...Object.values(estate.paths).flat()].filter((name) => name.length > 8);
  return [...rows.map(({ row }) => row), ...told.filter((line) => names.some((name) => line.includes(name)))];
}

/** What is wrong: two new tenants ask alike, one for what is another's and one for what nobody has. */
async function difference(
  operation: Operation,
  options: { theirs: (own: Estate | null) => Sent; unknown: (own: Estate | null) => Sent; needsOwn: boolean },
  [theirs, unknown]: readonly [theirs: string[], unknown: string[]],
): Promise<{ problems: string[]; status: number }> {
  const [one, other] = [await newHolder(api), await newHolder(api)];
  const own = { name: 'own', count: 1 };
  const ownOne = options.needsOwn ? await giveEstate(api, one, own) : null;
  const ownOther = options.needsOwn ? await giveEstate(api, other, own) : null;
  const foreign = await ask(operation, one, options.theirs(ownOne), theirs);
  const nobodys = await ask(operation, other, options.unknown(ownOther), unknown);
  const what = `${operation.method} ${operation.path} with ${theirs.join(', ')}`;
  const problems: string[] = [];
  const compare = (aspect: string, a: unknown, b: unknown) => {
    const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
    if (left !== right) problems.push(`${what}: ${aspect} ${left}, for what nobody has ${right}`);
  };
  compare('status', foreign.status, nobodys.status);
  compare('body', foreign.text, nobodys.text);
  compare('headers', foreign.headers, nobodys.headers);
  compare('statements', foreign.statements, nobodys.statements);
  if (foreign.status >= 500 && foreign.status !== 503) problems.push(`${what}: ${foreign.status}`);
  const now = await ownersThings();
  compare(
    'theirs',
    now.filter((row) => !before.includes(row)),
    [],
  );
  compare(
    'what was theirs',
    before.filter((row) => !now.includes(row)),
    [],
  );
  before = now;
  return { problems, status: foreign.status };
}

it('an id of another tenant in a path is an unknown id, in every answer and by every statement, and nothing of theirs changes', async () => {
  const problems: string[] = [];
  let walked = 0;
  for (const operation of operations.filter(isWalked)) {
    const parameters = pathParameters(operation);
    const body = operation.body && samples.least(operation.body);
    // Each parameter with the others of one's own, and all of them.
    const choices = parameters.length > 1 ? [...parameters.map((one) => [one]), parameters] : [parameters];
    for (const chosen of choices.filter((some) => some.length > 0)) {
      const owned = chosen.map((parameter) => {
        const found = estate.paths[placeOf(operation, parameter)];
        if (!found) throw new Error(`tenancy-estate.ts has nothing at ${placeOf(operation, parameter)}`);
        return found;
      });
      const fill = (values: Record<string, string>) => (own: Estate | null) => ({
        path: parameters.reduce((path, parameter) => {
          const value = values[parameter] ?? own?.paths[placeOf(operation, parameter)]?.[0] ?? '';
          return path.replace(`{${parameter}}`, encodeURIComponent(value));
        }, operation.path),
        ...(body !== undefined && { body }),
      });
      for (let nth = 0; nth < Math.max(...owned.map(({ length }) => length)); nth += 1) {
        const theirs = chosen.map((_, index) => owned[index]?.[nth % (owned[index]?.length ?? 1)] ?? '');
        const unknown = chosen.map((parameter) => unknownIds[parameter] ?? '');
        if (unknown.includes('')) throw new Error(`tenancy-estate.ts has no unknown ${chosen.join(', ')}`);
        const filled = (values: string[]) =>
          fill(Object.fromEntries(chosen.map((name, at) => [name, values[at] ?? ''])));
        const options = {
          theirs: filled(theirs),
          unknown: filled(unknown),
          needsOwn: chosen.length < parameters.length,
        };
        const found = await difference(operation, options, [theirs, unknown]);
        problems.push(...found.problems);
        // Anything else would mean that the request was refused before the id was looked at.
        const expected = makesByName[operation.name] ?? 404;
        if (found.status !== expected) problems.push(`${operation.name}: ${found.status}, not ${expected}`);
        walked += 1;
      }
    }
  }
  expect(problems).toEqual([]);
  expect(walked).toBeGreaterThan(50);
}, 120_000);

it('what another tenant has is unknown wherever else it can be named: queries, headers, bodies', async () => {
  const problems: string[] = [];
  let walked = 0;
  for (const operation of operations.filter(isWalked)) {
    for (const { name, at, sent } of textsOf(operation)) {
      if (ownWords.has(name)) continue;
      const known = references[name];
      if (!known) throw new Error(`${operation.name} takes ${at}: does it name something of a tenant? Sort it here`);
      for (const reference of known) {
        const needsOwn = pathParameters(operation).length > 0;
        const options = {
          theirs: (own: Estate | null) => sent(own, reference.theirs, reference.beside),
          unknown: (own: Estate | null) => sent(own, reference.unknown, reference.beside),
          needsOwn,
        };
        const found = await difference(operation, options, [[reference.theirs], [reference.unknown]]);
        problems.push(...found.problems);
        walked += 1;
      }
    }
  }
  expect(problems).toEqual([]);
  expect(walked).toBeGreaterThan(40);
}, 120_000);

it('an operation without authentication names nothing of a tenant', () => {
  const named = operations.filter((operation) => !isWalked(operation)).filter((one) => pathParameters(one).length > 0);
  expect(named.map(({ name }) => name)).toEqual([]);
});

it("the owner's ids are good: it finds all of them itself", async () => {
  const reads = operations.filter(({ method, path }) => method === 'GET' && path.endsWith('}'));
  expect(reads.length).toBeGreaterThan(8);
  for (const operation of reads) {
    const last = pathParameters(operation).at(-1) ?? '';
    const own = (place: string) => estate.paths[place]?.[0] ?? '';
    const path = pathParameters(operation).reduce(
      (now, parameter) => now.replace(`{${parameter}}`, encodeURIComponent(own(placeOf(operation, parameter)))),
      operation.path,
    );
    const answer = await api.call('GET', path, { token: owner.client.token });
    expect([operation.name, last, answer.status]).toEqual([operation.name, last, 200]);
  }
});

/** Every text that a request of an operation can hold besides its path, and how a request with it is made. */
function textsOf(operation: Operation) {
  const { body, parameters } = operation;
  const base = body && samples.least(body);
  const pathOf = (own: Estate | null) =>
    pathParameters(operation).reduce((path, parameter) => {
      const value = own?.paths[placeOf(operation, parameter)]?.[0] ?? '';
      return path.replace(`{${parameter}}`, encodeURIComponent(value));
    }, operation.path);

  const inParameters = parameters
    .filter(({ in: where, schema }) => where !== 'path' && samples.texts(schema).length > 0)
    .map(({ name, in: where }) => ({
      name,
      at: `${where} ${name}`,
      sent: (own: Estate | null, value: string): Sent => ({
        path: where === 'query' ? `${pathOf(own)}?${new URLSearchParams({ [name]: value }).toString()}` : pathOf(own),
        ...(where === 'header' && { headers: { [name]: value } }),
        ...(base !== undefined && { body: base }),
      }),
    }));
  const inBody = (body ? samples.texts(body) : []).map((place) => ({
    name: place.findLast((key) => key !== 0)?.toString() ?? '',
    at: `body ${place.join('.')}`,
    sent: (own: Estate | null, value: string, beside: Record<string, string> = {}): Sent => ({
      path: pathOf(own),
      body: Object.entries(beside).reduce<unknown>(
        (now, [key, other]) => withValue(now, [...place.slice(0, -1), key] as Place, other),
        withValue(base, place, value),
      ),
    }),
  }));
  return [...inParameters, ...inBody];
}
