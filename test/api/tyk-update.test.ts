import { errorsOf, minimal, minute, openTykPortal, type TykPortal, type TykRecord } from './tyk-portal';

let portal: TykPortal;

beforeAll(async () => {
  portal = await openTykPortal();
});
afterAll(() => portal.api.close());

describe('update', () => {
  it('answers 200 with the record as it is now', async () => {
    const { ID } = await portal.create({ Name: 'before', Timeout: 9, Method: 'PUT' });
    const body = {
      Name: 'after',
      URL: 'https://other.example.com',
      Method: 'PATCH',
      Timeout: 10,
      Events: ['OrganisationRegistered'],
    };
    const answer = await portal.call('PUT', `/${ID}`, body);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      ID,
      ...body,
      Events: ['OrganizationRegistered'],
      Headers: [],
      CreatedAt: minute,
      UpdatedAt: minute,
    });
    expect((await portal.call('GET', `/${ID}`)).json).toEqual(answer.json);
  });

  it('takes back a record as it was read, and nothing changes', async () => {
    const Headers = [
      { Name: 'X-Env', Value: 'e' },
      { Name: 'X-Api-Key', Value: 'canary' },
    ];
    const { ID } = await portal.create({ Name: 'n', Method: 'PUT', Timeout: 7, Headers });
    const record = (await portal.call('GET', `/${ID}`)).json as TykRecord;
    const answer = await portal.call('PUT', `/${ID}`, record);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ ...record, UpdatedAt: minute });
    expect(await portal.secretHeaders(ID)).toEqual({ 'x-api-key': 'canary' });
  });

  it('gives what is left out its default again, but leaves the headers', async () => {
    const Headers = [{ Name: 'X-Env', Value: 'e' }];
    const { ID } = await portal.create({ Name: 'n', Method: 'PUT', Timeout: 7, Headers });
    expect((await portal.call('PUT', `/${ID}`, minimal)).json).toMatchObject({
      Name: '',
      Method: 'POST',
      Timeout: 3,
      Headers: [{ ID: 1, ...Headers[0] }],
    });
    expect((await portal.call('PUT', `/${ID}`, { ...minimal, Headers: [] })).json).toMatchObject({ Headers: [] });
  });

  it('keeps the ID of a header that it renames, and of one that it names again', async () => {
    const Headers = ['A', 'B', 'C'].map((Name) => ({ Name, Value: 'v' }));
    const { ID } = await portal.create({ Headers });
    const sent = [
      { ID: 1, Name: 'A-New', Value: 'v' },
      { Name: 'a', Value: 'another' },
      { Name: 'c', Value: 'w' },
    ];
    expect(((await portal.call('PUT', `/${ID}`, { ...minimal, Headers: sent })).json as TykRecord).Headers).toEqual([
      { ID: 1, Name: 'A-New', Value: 'v' },
      { ID: 3, Name: 'c', Value: 'w' },
      { ID: 4, Name: 'a', Value: 'another' },
    ]);
  });

  it.each([
    ['a name twice', [{ Name: 'X' }, { Name: 'x' }], 'Headers[1].Name: is the name of another header'],
    [
      'an ID twice',
      [
        { ID: 1, Name: 'X' },
        { ID: 1, Name: 'Y' },
      ],
      'Headers[1].ID: is there twice',
    ],
    ['an unknown ID', [{ ID: 99, Name: 'X' }], 'Headers[0].ID: is not the ID of a header of this webhook'],
    ['more than 20', Array.from({ length: 21 }, (_, n) => ({ Name: `X-${n}` })), 'Headers: must not be more than 20'],
  ])('answers 422 for headers with %s, and changes nothing', async (_what, headers, message) => {
    const { ID } = await portal.create({ Headers: [{ Name: 'A', Value: 'a' }] });
    const Headers = headers.map((header) => ({ Value: 'v', ...header }));
    const answer = await portal.call('PUT', `/${ID}`, { ...minimal, Name: 'changed', Headers });
    expect([answer.status, errorsOf(answer)]).toEqual([422, [message]]);
    expect((await portal.call('GET', `/${ID}`)).json).toMatchObject({ Name: '', Headers: [{ ID: 1, Name: 'A' }] });
  });

  it('keeps no secret for another name', async () => {
    const { ID } = await portal.create({ Headers: [{ Name: 'X-Api-Key', Value: 'canary' }] });
    for (const header of [
      { ID: 1, Name: 'X-Other-Key', Value: '[redacted]' },
      { ID: 1, Name: 'X-Plain', Value: '[redacted]' },
      { Name: 'X-New-Key', Value: '[redacted]' },
    ]) {
      const answer = await portal.call('PUT', `/${ID}`, { ...minimal, Headers: [header] });
      expect([answer.status, errorsOf(answer)]).toEqual([422, ['Headers[0].Value: has no value that could be kept']]);
    }
    expect(await portal.secretHeaders(ID)).toEqual({ 'x-api-key': 'canary' });
  });
});
