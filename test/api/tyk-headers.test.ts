import { errorsOf, minimal, openTykPortal, portalPath, type TykPortal, type TykRecord } from './tyk-portal';

let portal: TykPortal;

beforeAll(async () => {
  portal = await openTykPortal();
});
afterAll(() => portal.api.close());

const header = { Name: 'X-Env', Value: 'production' };
const read = async (id: number) => ((await portal.call('GET', `/${id}`)).json as TykRecord).Headers;

describe('a custom header', () => {
  it('is added, read, replaced and removed on its own', async () => {
    const { ID } = await portal.create();
    const added = await portal.call('POST', `/${ID}/headers`, header);
    expect([added.status, added.json]).toEqual([201, { ID: 1, ...header }]);
    expect(added.headers.get('location')).toBe(`${portalPath}/${ID}/headers/1`);
    expect((await portal.call('GET', `/${ID}/headers/1`)).json).toEqual({ ID: 1, ...header });
    expect((await portal.call('GET', `/${ID}/headers`)).json).toEqual([{ ID: 1, ...header }]);
    expect(await read(ID)).toEqual([{ ID: 1, ...header }]);

    const body = { Name: 'X-Stage', Value: 'test' };
    const replaced = await portal.call('PUT', `/${ID}/headers/1`, body);
    expect([replaced.status, replaced.json]).toEqual([200, { ID: 1, ...body }]);
    expect((await portal.call('PUT', `/${ID}/headers/1`, { ID: 1, ...body })).json).toEqual({ ID: 1, ...body });
    expect(await read(ID)).toEqual([{ ID: 1, ...body }]);

    const removed = await portal.call('DELETE', `/${ID}/headers/1`);
    expect([removed.status, removed.text]).toEqual([200, '{"status":"ok"}']);
    expect((await portal.call('GET', `/${ID}/headers/1`)).status).toBe(404);
    expect(await read(ID)).toEqual([]);
  });

  it('has an ID of its webhook alone, which is never used again', async () => {
    const [one, other] = [await portal.create(), await portal.create()];
    for (const { ID } of [one, other]) {
      expect((await portal.call('POST', `/${ID}/headers`, header)).json).toMatchObject({ ID: 1 });
    }
    await portal.call('DELETE', `/${one.ID}/headers/1`);
    expect((await portal.call('POST', `/${one.ID}/headers`, header)).json).toMatchObject({ ID: 2 });
    expect(await read(other.ID)).toEqual([{ ID: 1, ...header }]);
  });

  it('comes in pages', async () => {
    const Headers = Array.from({ length: 20 }, (_, n) => ({ Name: `X-${n}`, Value: 'v' }));
    const { ID } = await portal.create({ Headers });
    const answer = await portal.call('GET', `/${ID}/headers?page=2&per_page=8&limit=3`);
    expect((answer.json as { ID: number }[]).map((one) => one.ID)).toEqual([9, 10, 11]);
    expect(answer.headers.get('x-total-count')).toBe('20');
    const full = await portal.call('POST', `/${ID}/headers`, header);
    expect([full.status, errorsOf(full)]).toEqual([422, ['Headers: must not be more than 20']]);
  });

  it.each([
    ['no name', { Value: 'v' }, 'Name: is required'],
    ['no value', { Name: 'X-B' }, 'Value: is required'],
    ['a name that is ours', { Name: 'Host', Value: 'v' }, 'Name: is set by Everhook and can not be a custom header'],
    ['a line break', { Name: 'X-B', Value: 'a\r\nb' }, 'Value: must be 1 to 1024 characters of visible ASCII'],
    ['an unknown key', { Name: 'X-B', Value: 'v', WebhookID: 1 }, 'WebhookID: is not a known key'],
    ['the name of another', { Name: 'x-ENV', Value: 'v' }, 'Name: is the name of another header'],
    ['a value to keep that is none', { Name: 'X-Key', Value: '[redacted]' }, 'Value: has no value that could be kept'],
  ])('answers 422 for %s, added or replaced', async (_what, body, message) => {
    const { ID } = await portal.create({ Headers: [header, { Name: 'X-A', Value: 'a' }] });
    const before = await read(ID);
    const added = await portal.call('POST', `/${ID}/headers`, body);
    expect([added.status, errorsOf(added)]).toEqual([422, [message]]);
    const replaced = await portal.call('PUT', `/${ID}/headers/2`, body);
    expect([replaced.status, errorsOf(replaced)]).toEqual([422, [message]]);
    expect(await read(ID)).toEqual(before);
  });

  it('that is secret is write-only, and its value is kept while others change', async () => {
    const { ID } = await portal.create({ Headers: [{ Name: 'X-Api-Key', Value: 'canary' }] });
    const answers = [
      await portal.call('POST', `/${ID}/headers`, { Name: 'Cookie', Value: 'canary=2' }),
      await portal.call('POST', `/${ID}/headers`, header),
      await portal.call('GET', `/${ID}/headers`),
      await portal.call('GET', `/${ID}/headers/1`),
      await portal.call('PUT', `/${ID}/headers/1`, { Name: 'x-api-key', Value: '[redacted]' }),
      await portal.call('DELETE', `/${ID}/headers/3`),
    ];
    for (const { status, text } of answers) {
      expect(status).toBeLessThan(300);
      expect(text).not.toContain('canary');
    }
    expect(await portal.secretHeaders(ID)).toEqual({ 'x-api-key': 'canary', cookie: 'canary=2' });
    await portal.call('PUT', `/${ID}/headers/1`, { Name: 'x-api-key', Value: 'changed' });
    await portal.call('DELETE', `/${ID}/headers/2`);
    expect(await portal.secretHeaders(ID)).toEqual({ 'x-api-key': 'changed' });
  });

  it('is not lost when many are added at once, and each gets an ID of its own', async () => {
    const { ID } = await portal.create();
    const names = Array.from({ length: 12 }, (_, n) => `X-${n}`);
    const answers = await Promise.all(names.map((Name) => portal.call('POST', `/${ID}/headers`, { Name, Value: 'v' })));
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 201));
    const headers = await read(ID);
    expect(headers.map((one) => one.ID)).toEqual(names.map((_, n) => n + 1));
    expect(answers.map(({ json }) => json).sort((a, b) => (a as { ID: number }).ID - (b as { ID: number }).ID)).toEqual(
      headers,
    );
  });

  it('leaves everything else of its webhook as it was', async () => {
    const { ID } = await portal.create({ Name: 'n', Method: 'PATCH', Timeout: 30 });
    await portal.call('POST', `/${ID}/headers`, header);
    expect((await portal.call('GET', `/${ID}`)).json).toMatchObject({
      ...minimal,
      Name: 'n',
      Method: 'PATCH',
      Timeout: 30,
      Headers: [{ ID: 1, ...header }],
    });
  });
});
