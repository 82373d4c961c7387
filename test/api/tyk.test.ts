import { errorsOf, minimal, minute, openTykPortal, portalPath, type TykPortal, type TykRecord } from './tyk-portal';

let portal: TykPortal;

beforeAll(async () => {
  portal = await openTykPortal();
});
afterAll(() => portal.api.close());

describe('create', () => {
  it('answers 201 with the record, its defaults, and its secret this once', async () => {
    const answer = await portal.call('POST', '', minimal);
    expect(answer.status).toBe(201);
    const { ID } = answer.json as TykRecord;
    expect(answer.json).toEqual({
      ID: expect.any(Number) as number,
      Name: '',
      ...minimal,
      Method: 'POST',
      Timeout: 3,
      Headers: [],
      CreatedAt: minute,
      UpdatedAt: minute,
      Secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) as string,
    });
    expect(answer.headers.get('location')).toBe(`${portalPath}/${ID}`);
    expect(answer.headers.get('everhook-webhook-id')).toBe((await portal.nativePath(ID)).split('/').at(-1));
    const { Secret, ...shown } = answer.json as TykRecord;
    const read = await portal.call('GET', `/${ID}`);
    expect(read.json).toEqual(shown);
    expect(read.headers.get('everhook-webhook-id')).toBe(answer.headers.get('everhook-webhook-id'));
    expect(read.text).not.toContain(Secret);
  });

  it('takes everything that can be set, and gives headers IDs from 1', async () => {
    const body = {
      Name: 'CRM ☃',
      URL: 'https://example.com/x',
      Method: 'PATCH',
      Timeout: 60,
      Events: ['PasswordReset', 'AccessRequestCreated'],
    };
    const Headers = [
      { Name: 'X-B', Value: 'b' },
      { Name: 'Authorization', Value: 'Bearer canary' },
      { Name: 'X-A', Value: 'a' },
    ];
    const answer = await portal.call('POST', '', { ...body, Headers });
    expect(answer.json).toMatchObject({
      ...body,
      Headers: [
        { ID: 1, Name: 'X-B', Value: 'b' },
        { ID: 2, Name: 'Authorization', Value: '[redacted]' },
        { ID: 3, Name: 'X-A', Value: 'a' },
      ],
    });
    expect(answer.text).not.toContain('canary');
  });

  it('counts its IDs within a tenant and never uses one again', async () => {
    const { token } = await portal.api.newClient();
    expect((await portal.create({}, token)).ID).toBe(1);
    expect((await portal.create({}, token)).ID).toBe(2);
    await portal.call('DELETE', '/2', undefined, token);
    expect((await portal.create({}, token)).ID).toBe(3);
  });

  it('knows organizations by both spellings and answers with one, once', async () => {
    const Events = ['OrganisationRegistered', 'OrganizationRegistered', 'OrganisationRequestRejected'];
    expect(await portal.create({ Events })).toMatchObject({
      Events: ['OrganizationRegistered', 'OrganizationRequestRejected'],
    });
  });

  it.each([
    ['no URL', { Events: minimal.Events }, 'URL: is required'],
    [
      'a URL that breaks the rules',
      { ...minimal, URL: 'http://example.com' },
      'URL: The URL must start with https://.',
    ],
    ['an address as host', { ...minimal, URL: 'https://127.0.0.1' }, /^URL: .*not an IP address/],
    ['a fragment', { ...minimal, URL: 'https://example.com/#a' }, /^URL: .*fragment/],
    ['no events', { URL: minimal.URL }, 'Events: is required'],
    ['an empty list of events', { ...minimal, Events: [] }, /^Events: /],
    ['an unknown event', { ...minimal, Events: ['UserRegistered', 'Nope'] }, 'Events[1]: is not a portal event'],
    ['an event of another contract', { ...minimal, Events: ['everhook.test'] }, 'Events[0]: is not a portal event'],
    ['every event', { ...minimal, Events: ['*'] }, 'Events[0]: is not a portal event'],
    ['a method without a body', { ...minimal, Method: 'GET' }, /^Method: /],
    ['a method in small letters', { ...minimal, Method: 'post' }, /^Method: /],
    ['no time', { ...minimal, Timeout: 0 }, /^Timeout: /],
    ['more than a minute', { ...minimal, Timeout: 61 }, /^Timeout: /],
    ['parts of a second', { ...minimal, Timeout: 1.5 }, /^Timeout: /],
    ['a number as name', { ...minimal, Name: 7 }, /^Name: /],
    ['a long name', { ...minimal, Name: 'x'.repeat(256) }, /^Name: /],
    ['an unknown key', { ...minimal, name: 'x' }, 'name: is not a known key'],
    ['an ID of its own', { ...minimal, ID: 7 }, 'ID: is not a known key'],
    ['null', { ...minimal, Name: null }, /^Name: /],
  ])('answers 422 for %s', async (_what, body, message) => {
    const answer = await portal.call('POST', '', body);
    expect(answer.status).toBe(422);
    expect(answer.json).toEqual({
      errors: [typeof message === 'string' ? message : (expect.stringMatching(message) as string)],
    });
    const { ID } = await portal.create();
    expect((await portal.call('PUT', `/${ID}`, { ...body, ...('ID' in body && { ID: 'x' }) })).status).toBe(422);
  });

  it.each([
    'Host',
    'content-length',
    'Content-Type',
    'Transfer-Encoding',
    'Connection',
    'TE',
    'Upgrade',
    'Expect',
    'webhook-id',
    'Webhook-Signature',
    'X-Signature-SHA256',
    'Signature',
    'User-Agent',
    'Accept-Encoding',
    'Proxy-Authorization',
    'a b',
    'X:',
    'x\r\ny',
    '',
    '__proto__',
  ])('refuses the custom header %j', async (Name) => {
    const answer = await portal.call('POST', '', { ...minimal, Headers: [{ Name, Value: 'x' }] });
    expect(answer.status).toBe(422);
    expect(errorsOf(answer)).toEqual([expect.stringMatching(/^Headers\[0\]\.Name: is /)]);
  });

  it.each(['a\r\nb', 'a\nb', '', ' a', 'é', 'x'.repeat(1025)])('refuses %j as the value of one', async (Value) => {
    const answer = await portal.call('POST', '', { ...minimal, Headers: [{ Name: 'X-A', Value }] });
    expect(answer.status).toBe(422);
    expect(errorsOf(answer)).toEqual([expect.stringMatching(/^Headers\[0\]\.Value: must be/)]);
  });

  it('repeats no secret in an error', async () => {
    const Headers = [{ Name: 'X-Api-Key', Value: 'canary\n' }];
    const answer = await portal.call('POST', '', {
      ...minimal,
      URL: 'https://a:canary@example.com',
      Headers,
      canary_: 1,
    });
    expect(answer.status).toBe(422);
    expect(answer.text.replace('canary_:', '')).not.toContain('canary');
  });
});

describe('list', () => {
  it('answers 20 a page unless said otherwise, by ID, as Tyk counts pages', async () => {
    const { token } = await portal.api.newClient();
    for (let n = 1; n <= 23; n += 1) await portal.create({ Name: `n${n}` }, token);
    const ids = async (query: string) => {
      const answer = await portal.call('GET', query, undefined, token);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-total-count')).toBe('23');
      return (answer.json as TykRecord[]).map(({ ID }) => ID);
    };
    const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n);
    expect(await ids('')).toEqual(from(1, 20));
    expect(await ids('?page=2')).toEqual(from(21, 23));
    expect(await ids('?page=3')).toEqual([]);
    expect(await ids('?page=2&per_page=5')).toEqual(from(6, 10));
    expect(await ids('?page=2&per_page=5&limit=2')).toEqual(from(6, 7));
    expect(await ids('?limit=2')).toEqual([1, 2]);
    expect(await ids('?per_page=250&page=999999')).toEqual([]);
  });

  it('has records as they are read one by one', async () => {
    const { token } = await portal.api.newClient();
    await portal.create({ Name: 'one', Headers: [{ Name: 'A', Value: 'a' }] }, token);
    expect((await portal.call('GET', '', undefined, token)).json).toEqual([
      (await portal.call('GET', '/1', undefined, token)).json,
    ]);
  });

  it.each(['page=0', 'page=x', 'per_page=0', 'per_page=251', 'limit=-1', 'limit=', 'cursor=x', 'p=1'])(
    'answers 422 for ?%s',
    async (query) => {
      const answer = await portal.call('GET', `?${query}`);
      expect(answer.status).toBe(422);
      expect(errorsOf(answer)).toEqual([expect.stringMatching(`^${query.split('=')[0]}: `)]);
    },
  );
});

describe('delete', () => {
  it('answers 200 with a status, and then there is nothing', async () => {
    const { ID } = await portal.create();
    const answer = await portal.call('DELETE', `/${ID}`);
    expect([answer.status, answer.text]).toEqual([200, '{"status":"ok"}']);
    for (const method of ['GET', 'DELETE']) expect((await portal.call(method, `/${ID}`)).status).toBe(404);
  });
});

describe('what is there is unknown', () => {
  it.each([
    ['GET', ''],
    ['PUT', '', minimal],
    ['DELETE', ''],
    ['POST', '/test-connection'],
    ['GET', '/headers'],
    ['POST', '/headers', { Name: 'A', Value: 'a' }],
    ['GET', '/headers/1'],
    ['PUT', '/headers/1', { Name: 'A', Value: 'a' }],
    ['DELETE', '/headers/1'],
  ])('%s /ID%s to another tenant, like an ID that is none', async (method, rest, body = undefined) => {
    const stranger = await portal.api.newClient();
    const { ID } = await portal.create({ Headers: [{ Name: 'A', Value: 'a' }] });
    for (const id of [ID, 0, -1, 'x', 1.5, 2_147_483_647, 2_147_483_648, '99999999999999999999', '%00', '1e3', '01']) {
      const answer = await portal.call(method, `/${id}${rest}`, body, stranger.token);
      expect([id, answer.status, answer.text]).toEqual([id, 404, '{"errors":["There is nothing here."]}']);
    }
    expect((await portal.call('GET', `/${ID}`)).json).toMatchObject({ Headers: [{ ID: 1, Name: 'A', Value: 'a' }] });
  });

  it('is of a header that was never there', async () => {
    const { ID } = await portal.create({ Headers: [{ Name: 'A', Value: 'a' }] });
    for (const id of ['2', '0', 'x', '4294967296']) {
      for (const [method, body] of [['GET'], ['PUT', { Name: 'A', Value: 'b' }], ['DELETE']] as const) {
        expect((await portal.call(method, `/${ID}/headers/${id}`, body)).status).toBe(404);
      }
    }
  });
});

describe('every error is in this format', () => {
  it.each([
    ['no token', 'GET', '', { token: '' }, 401],
    ['an unknown path', 'GET', '/a/b', {}, 404],
    ['another method', 'PATCH', '', {}, 405],
    ['another content type', 'POST', '', { headers: { 'Content-Type': 'text/plain' } }, 415],
    ['no JSON', 'POST', '', { body: '{' }, 400],
    ['a list', 'POST', '', { body: '[]' }, 400],
    ['a key twice', 'POST', '', { body: '{"URL":"a","URL":"b"}' }, 400],
    ['bad UTF-8', 'POST', '', { body: Buffer.from([0x7b, 0xff, 0x7d]) }, 400],
    ['no body', 'POST', '', { body: '' }, 400],
    ['a long body', 'POST', '', { body: `"${'x'.repeat(300_000)}"` }, 413],
  ])('%s', async (_what, method, rest, options, status) => {
    const body = method === 'POST' ? JSON.stringify(minimal) : undefined;
    const answer = await portal.api.call(method, portalPath + rest, { token: portal.client.token, body, ...options });
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ errors: [expect.any(String)] });
  });

  it('names the methods that a path takes', async () => {
    expect((await portal.call('PATCH', '/1')).headers.get('allow')).toBe('DELETE, GET, HEAD, PUT, OPTIONS');
  });

  it('and a token without the scope is told so', async () => {
    const { token } = await portal.api.newClient({ scopes: ['webhooks:read'], tenantId: portal.client.tenantId });
    expect((await portal.call('GET', '', undefined, token)).status).toBe(200);
    for (const [method, rest] of [
      ['POST', ''],
      ['PUT', '/1'],
      ['DELETE', '/1'],
      ['POST', '/1/test-connection'],
      ['POST', '/1/headers'],
      ['PUT', '/1/headers/1'],
      ['DELETE', '/1/headers/1'],
    ] as const) {
      const answer = await portal.call(method, rest, undefined, token);
      expect([answer.status, answer.json]).toEqual([403, { errors: ['The token lacks the scope webhooks:write.'] }]);
    }
  });
});
