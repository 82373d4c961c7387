import { randomBytes, randomInt } from 'node:crypto';
import { everhookJson } from '../cli/everhook';
import { startStrictAws, type StrictAws } from '../support/aws/strict-aws';
import { newCanary, type Canary, type Sink } from '../support/canaries';
import { createTenant, eventually, type EverhookProcess, type Surroundings } from '../support/everhook';
import { startReceiver, type HttpReceiver } from '../support/receivers';

/** Everything that Everhook does, done once, with a canary for everything that is secret or personal. */
export interface Scenario {
  canaries: Canary[];
  /** Every answer of the API, and what the command line printed. */
  sinks: Sink[];
  /** Of which there must be runs, by workflow type. */
  ran: { deliveries: number; consents: number; credentials: number };
}

interface Answer {
  status: number;
  json: Record<string, unknown>;
}

type Auth = string | null;

export interface Stage {
  api: EverhookProcess;
  surroundings: Surroundings;
  receiver: HttpReceiver;
  /** Statements on the database past Everhook. */
  sql(text: string): Promise<unknown>;
  /** Those that exist before anything begins, such as the keys. */
  canaries: Canary[];
}

export const region = 'eu-central-1';
const plan = 'plan0';
const userPoolId = `${region}_pool`;
const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** What Everhook is started with: secrets of the installation. */
export function installationSecrets(canaries: Canary[]): Record<string, string> {
  const remember = (name: string, value: string) => {
    canaries.push({ name, value });
    return value;
  };
  return {
    ENCRYPTION_KEYS: `k1:${remember('encryption key', randomBytes(32).toString('base64'))}`,
    TOKEN_SIGNING_KEY: remember('token signing key', randomBytes(32).toString('base64')),
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: remember('secret key of AWS', randomBytes(30).toString('base64')),
  };
}

/** A customer's servers: `/ok…`, `/fails…`, and a token server that works and one that repeats what it was sent. */
export async function customersServers(canaries: Canary[]): Promise<HttpReceiver> {
  const given = newCanary('token of a token server');
  const said = newCanary('answer of a failing receiver');
  canaries.push(given, said);
  return startReceiver(({ path, headers, body }, response) => {
    if (path.startsWith('/token')) {
      response.end(JSON.stringify({ access_token: given.value, token_type: 'Bearer', expires_in: 3600 }));
    } else if (path.startsWith('/refuses')) {
      response.writeHead(400).end(JSON.stringify({ error: `${headers.authorization ?? ''} ${body.toString()}` }));
    } else if (path.startsWith('/fails')) {
      response.writeHead(500).end(said.value);
    } else {
      response.writeHead(204).end();
    }
  });
}

/** AWS with one usage plan and one user pool. */
export async function startAws(): Promise<StrictAws> {
  const aws = await startStrictAws();
  const { gateway, cognito } = aws.region(region);
  gateway.plans.set(plan, { id: plan, name: plan, apiStages: [{ apiId: 'api', stage: 'one' }], keys: new Set() });
  const resourceServers = new Map([['rs', ['read']]]);
  cognito.pools.set(userPoolId, { id: userPoolId, domain: 'login', resourceServers, clients: new Map() });
  return aws;
}

export async function play(stage: Stage): Promise<Scenario> {
  const { api, surroundings, receiver, sql } = stage;
  const canaries = [...stage.canaries];
  const sinks: Sink[] = [];
  const fresh = (name: string) => {
    const canary = newCanary(name);
    canaries.push(canary);
    return canary.value;
  };
  const keep = (name: string, value: unknown) => {
    if (typeof value !== 'string' || value.length < 16) throw new Error(`${name} is ${JSON.stringify(value)}`);
    canaries.push({ name, value });
    return value;
  };

  async function call(method: string, path: string, authorization: Auth, body?: unknown): Promise<Answer> {
    const isForm = body instanceof URLSearchParams;
    const response = await fetch(api.url + path, {
      method,
      headers: {
        ...(authorization !== null && { authorization }),
        ...(body !== undefined && !isForm && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const name = path.replace(/\?.*/, '').replaceAll(/urn:everhook:[0-9a-f-]{36}|[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}');
    const head = [...response.headers].map((header) => header.join(': ')).join('\n');
    sinks.push({ name: `answer ${method} ${name}`, content: Buffer.from(`${head}\n\n${text}`) });
    const json = /json/.test(response.headers.get('content-type') ?? '') ? (JSON.parse(text) as Answer['json']) : {};
    return { status: response.status, json };
  }

  /** Fails when it is not answered as it must be: canaries of a step that was refused would prove nothing. */
  async function ok(method: string, path: string, authorization: Auth, body?: unknown): Promise<Answer['json']> {
    const { status, json } = await call(method, path, authorization, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
    return json;
  }

  async function refused(expected: number, method: string, path: string, authorization: Auth, body?: unknown) {
    const { status, json } = await call(method, path, authorization, body);
    if (status !== expected) throw new Error(`${method} ${path}: ${status}, not ${expected}: ${JSON.stringify(json)}`);
  }

  // Who may call.
  const tenant = await createTenant(surroundings);
  keep("client's secret", tenant.clientSecret);
  const grant = () => new URLSearchParams({ grant_type: 'client_credentials' });
  const issued = await ok('POST', '/oauth2/token', basic(tenant.clientId, tenant.clientSecret), grant());
  const bearer = `Bearer ${keep('access token', issued.access_token)}`;
  const celcoinToken = '/api/portal/onboard/v1/token';
  const asked = { client_id: tenant.clientId, client_secret: tenant.clientSecret };
  keep('access token of Celcoin', (await ok('POST', celcoinToken, null, asked)).access_token);

  const env = { DATABASE_URL: surroundings.databaseUrl };
  const password = `${fresh("portal's password")}:ü" \\+/%`;
  const configured = await everhookJson(
    [
      ...['sensedia', 'configure', '--tenant', tenant.tenantId, '--username', 'portal', '--password-stdin'],
      ...['--credential-type', 'API_KEY', '--region', region, '--user-pool-id', userPoolId],
      ...['--scope', 'api=rs/read', '--token-url', 'https://login.example.com/oauth2/token'],
    ],
    { env, input: password },
  );
  const listed = await everhookJson(['client', 'list', '--tenant', tenant.tenantId], { env });
  sinks.push({ name: 'command line', content: Buffer.from(JSON.stringify([configured, listed])) });
  const portal = basic('portal', password);

  // Secrets that are wrong are secrets too: of another system, or with one letter missing.
  await refused(401, 'POST', '/oauth2/token', basic(tenant.clientId, fresh('wrong secret of a client')), grant());
  await refused(401, 'POST', celcoinToken, null, {
    ...asked,
    client_secret: fresh('wrong secret of a Celcoin client'),
  });
  await refused(401, 'GET', '/api/v1/webhooks', `Bearer ${fresh('wrong token')}`);
  await refused(401, 'GET', '/v1/health', basic('portal', fresh('wrong password of a portal')));
  await refused(401, 'POST', '/v1/createCredentials', basic(fresh('wrong user name'), fresh('password of nobody')), {});

  // Registrations of every contract.
  const target = (kind: string) => `${receiver.url}/${kind}/${fresh(`path of a target (${kind})`)}`;
  const clientCredential = (name: string, tokenPath: string) => ({
    type: 'client_credential',
    clientID: 'everhook',
    clientSecret: fresh(name),
    tokenURL: `${receiver.url}${tokenPath}`,
  });
  const events = ['everhook.test'];
  const webhook = (body: object) => ok('POST', '/api/v1/webhooks', bearer, { events, maxRetries: 1, ...body });
  const withPassword = await webhook({
    targetUrl: target('ok'),
    auth: { type: 'basic', username: 'everhook', password: `${fresh('password of a target')}:ü"\\` },
    headers: { 'X-Api-Key': fresh('secret header'), 'X-Plain': 'visible' },
  });
  keep('signing secret', withPassword.secret);
  const withToken = await webhook({ targetUrl: target('ok'), auth: clientCredential('client secret', '/token') });
  const tokenRefused = await webhook({
    targetUrl: target('ok'),
    auth: clientCredential('client secret that a token server repeats', '/refuses'),
  });
  const failing = await webhook({ targetUrl: target('fails') });
  for (const { secret } of [withToken, tokenRefused, failing]) keep('signing secret', secret);
  const one = String(withPassword.id);
  await ok('PATCH', `/api/v1/webhooks/${one}`, bearer, {
    headers: { 'X-Api-Key': fresh('changed secret header'), Authorization2: 'no secret by its name' },
  });
  keep('rotated signing secret', (await ok('POST', `/api/v1/webhooks/${one}/secret/rotate`, bearer, {})).secret);

  await ok('POST', '/v1/webhooks', bearer, { url: target('ok'), events: ['OpenIdCredentialIssued'] });
  const iceye = '/api/notifications/v1/webhooks';
  const iceyeBasic = { type: 'basic', username: 'everhook', password: fresh('password of an ICEYE target') };
  await ok('POST', iceye, bearer, { targetURL: target('ok'), auth: iceyeBasic });
  const iceyeOauth = clientCredential('client secret of an ICEYE target', '/token');
  await ok('POST', iceye, bearer, { targetURL: target('ok'), auth: iceyeOauth });
  await ok('POST', '/api/smart-keys/interceptors', bearer, {
    endpoint: target('ok'),
    isAuthenticated: true,
    authenticationType: 'BASIC',
    user: 'everhook',
    password: fresh('password of a Celcoin target'),
    type: 'DATA',
  });
  const tyk = await ok('POST', '/portal-api/webhooks', bearer, {
    URL: target('ok'),
    Events: ['UserRegistered'],
    Headers: [{ Name: 'Authorization', Value: `Bearer ${fresh('secret header of Tyk')}` }],
  });
  keep('signing secret of Tyk', tyk.Secret);
  const tykHeader = { Name: 'X-Secret', Value: fresh('added secret header of Tyk') };
  await ok('POST', `/portal-api/webhooks/${String(tyk.ID)}/headers`, bearer, tykHeader);

  // What is refused is not repeated.
  await refused(400, 'POST', '/api/v1/webhooks', bearer, {
    targetUrl: `https://user:${fresh('password in a refused target')}@example.com`,
    events,
    auth: { type: 'basic', username: 'with:colon', password: fresh('password of a refused registration') },
    headers: { 'X-Key': `\n${fresh('refused secret header')}` },
  });
  await refused(400, 'POST', '/v1/webhooks', bearer, {
    url: `https://user:${fresh('password in a refused target of Sovrin')}@example.com`,
    events: ['OpenIdCredentialIssued'],
    password: fresh('unknown key of Sovrin'),
  });
  await refused(400, 'POST', iceye, bearer, {
    targetURL: 'https://example.com',
    auth: { type: 'noauth', password: fresh('password beside noauth') },
  });
  await refused(400, 'POST', '/api/smart-keys/interceptors', bearer, {
    endpoint: 'https://example.com',
    isAuthenticated: false,
    password: fresh('password beside isAuthenticated false'),
    type: 'DATA',
  });
  await refused(422, 'POST', '/portal-api/webhooks', bearer, {
    URL: 'https://example.com',
    Events: ['UserRegistered'],
    Headers: [{ Name: 'X-Token', Value: `${fresh('refused secret header of Tyk')}\r\n` }],
  });

  // Consents.
  const person = () => {
    const digits = String(randomInt(10 ** 10, 10 ** 11 - 1));
    canaries.push({ name: 'document number', value: digits });
    return {
      loggedUser: { document: { identification: digits, rel: 'CPF' } },
      permissions: ['ACCOUNTS_READ'],
      type: 'DATA',
    };
  };
  const consents = ['approve', 'reject', 'revoke'];
  for (const action of consents) {
    const { consentId } = await ok('POST', '/api/v1/consents', bearer, person());
    const reason = { reason: `${fresh('reason of an action')} "ü` };
    await ok('POST', `/api/v1/consents/${String(consentId)}/${action}`, bearer, reason);
    await ok('GET', `/api/v1/consents/${String(consentId)}`, bearer);
  }
  await refused(422, 'POST', '/api/v1/consents', bearer, {
    ...person(),
    loggedUser: { document: { identification: fresh('refused document number'), rel: 'CPF' } },
  });

  // Credentials.
  const apis = [{ id: 'api', usagePlans: [{ id: plan }] }];
  const app = (name: string) => ({
    appName: `${name} ${fresh('name of an app')}`,
    appSlug: name,
    developer: `${fresh('e-mail of a developer')}@example.com`,
    apis,
  });
  const keyApp = app('key');
  const key = await ok('POST', '/v1/createCredentials', portal, keyApp);
  keep('value of an API key', key.apiKey);
  await ok('POST', '/v1/createCredentials', portal, keyApp);
  await ok('POST', '/v1/updateCredentials', portal, {
    apiKeyId: key.apiKeyId,
    apiKey: key.apiKey,
    appName: `new ${fresh('changed name of an app')}`,
  });
  const client = await ok('POST', '/v1/createCredentials', portal, {
    ...app('client'),
    credentialType: 'CLIENT_CREDENTIALS',
  });
  keep('secret of an app client', client.clientSecret);
  await refused(422, 'POST', '/v1/createCredentials', portal, {
    ...app('none'),
    apis: [{ id: 'api', usagePlans: [{ id: 'none' }] }],
  });
  await ok('POST', '/v1/revokeCredentials', portal, {
    apiKeyId: key.apiKeyId,
    apiKey: key.apiKey,
    clientSecret: fresh('secret at the wrong place'),
  });
  await call('GET', '/v1/health', portal);

  // Events, delivered and failed.
  const publish = (body: object) => ok('POST', '/api/v1/events', bearer, body);
  const secretLooking = () => ({
    message: 'Hello',
    password: fresh('password in a payload'),
    card: { number: fresh('number in a payload') },
  });
  const published = [
    await publish({ type: 'everhook.test', payload: secretLooking() }),
    await publish({ type: 'OpenIdCredentialIssued', payload: secretLooking() }),
    await publish({
      type: 'purchase.delivered',
      payload: { purchaseId: 'p', status: 'delivered', ...secretLooking() },
    }),
    await publish({ type: 'UserRegistered', payload: { ...tykUser, ...secretLooking() } }),
  ];
  await refused(400, 'POST', '/api/v1/events', bearer, {
    type: 'OpenIdCredentialIssued',
    payload: fresh('payload that is no object'),
  });
  await refused(422, 'POST', '/api/v1/events', bearer, { type: 'no.such.type', payload: secretLooking() });

  // Our own failure, in the middle of a registration and of an attempt: what is told of it, and where, must be clean too.
  await sql('ALTER TABLE webhook_secrets RENAME TO webhook_secrets_gone');
  await refused(500, 'POST', '/api/v1/webhooks', bearer, {
    targetUrl: target('ok'),
    events,
    auth: { type: 'basic', username: 'everhook', password: fresh('password of a registration that fails') },
  });
  published.push(await publish({ type: 'everhook.test', payload: secretLooking(), webhookId: one }));
  await eventually(
    () =>
      fetch(`${api.url}/api/v1/deliveries?status=pending`, { headers: { authorization: bearer } }).then(
        (answer) => answer.json() as Promise<{ data: unknown[] }>,
      ),
    ({ data }) => data.length > 0,
  );
  await ok('POST', '/api/v1/consents', bearer, person());
  await sql('ALTER TABLE webhook_secrets_gone RENAME TO webhook_secrets');

  // Until everything that was published has an end.
  await eventually(
    () => call('GET', '/api/v1/deliveries?limit=250', bearer),
    ({ json }) => (json.data as { status: string }[]).every(({ status }) => status !== 'pending'),
    60_000,
  );

  // Everything that can be read.
  const lists = ['webhooks', 'events', 'deliveries', 'consents', 'credentials', 'event-types', 'audit'];
  for (const list of lists) {
    const { data } = await ok('GET', `/api/v1/${list}?limit=250`, bearer);
    if (list === 'audit') continue;
    for (const { id, name, consentId } of data as Record<string, string | undefined>[]) {
      await ok('GET', `/api/v1/${list}/${encodeURIComponent(id ?? consentId ?? name ?? '')}`, bearer);
    }
  }
  for (const path of [
    '/v1/webhooks',
    iceye,
    '/api/smart-keys/interceptors',
    '/portal-api/webhooks',
    `/portal-api/webhooks/${String(tyk.ID)}/headers`,
  ]) {
    await ok('GET', path, bearer);
  }
  await ok('GET', `/api/v1/webhooks/${one}/stats`, bearer);
  await ok('GET', '/v1/webhooks/jwks', null);
  await ok('GET', '/readyz', null);
  return { canaries, sinks, ran: { deliveries: published.length, consents: consents.length, credentials: 3 } };
}

const tykUser = {
  ...{ ID: 1, Email: 'person@example.com', First: 'A', Last: 'B', OrgID: 1, Provider: 'x', Status: 'active' },
  ...{ CreatedAt: '2026-01-15T09:30:00Z', ByUser: 1, CustomAttributes: [] },
};
