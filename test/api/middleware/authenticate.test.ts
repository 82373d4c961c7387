import type * as Authentication from '../../../src/api/middleware/authenticate';
import type { Client } from '../../../src/store/tenants';

const caller = { tenantId: 't', clientId: 'c', scopes: ['webhooks:read'] };

const request = { bareToken: false, requestId: 'r', address: '192.0.2.1' };

const client: Client = {
  tenantId: 't',
  id: 'c',
  name: 'test',
  scopes: ['webhooks:read'],
  createdAt: new Date(),
  revokedAt: null,
};

it('asks for the client of a token once in 5 seconds, so that a revocation is seen within them', async () => {
  // The cache takes its clock when it is loaded: it has to be loaded after the clock is faked.
  jest.useFakeTimers();
  // Its entries of the instant 0 never expire.
  jest.advanceTimersByTime(1);
  const { createAuthenticate } = jest.requireActual<typeof Authentication>('../../../src/api/middleware/authenticate');
  const findClient = jest.fn(() => Promise.resolve({ client, secretDigest: Buffer.alloc(32) }));
  const refusals = { note: jest.fn() };
  const tokens = { verify: () => Promise.resolve(caller), issue: () => Promise.reject(new Error('not here')) };
  const authenticate = createAuthenticate({ tokens, tenants: { findClient }, refusals });

  expect(await authenticate('Bearer x', request)).toEqual(caller);
  jest.advanceTimersByTime(4_900);
  expect(await authenticate('Bearer x', request)).toEqual(caller);
  expect(findClient).toHaveBeenCalledTimes(1);

  findClient.mockResolvedValue({ client: { ...client, revokedAt: new Date() }, secretDigest: Buffer.alloc(32) });
  jest.advanceTimersByTime(200);
  expect(refusals.note).not.toHaveBeenCalled();
  await expect(authenticate('Bearer x', request)).rejects.toMatchObject({ status: 401 });
  expect(refusals.note).toHaveBeenCalledTimes(1);
});

it('asks once for a token that comes with several requests at the same time', async () => {
  const { createAuthenticate } = jest.requireActual<typeof Authentication>('../../../src/api/middleware/authenticate');
  const findClient = jest.fn(() => Promise.resolve({ client, secretDigest: Buffer.alloc(32) }));
  const tokens = { verify: () => Promise.resolve(caller), issue: () => Promise.reject(new Error('not here')) };
  const authenticate = createAuthenticate({ tokens, tenants: { findClient }, refusals: { note: jest.fn() } });

  const callers = await Promise.all([1, 2, 3].map(() => authenticate('Bearer x', request)));
  expect(callers).toEqual([caller, caller, caller]);
  expect(findClient).toHaveBeenCalledTimes(1);

  findClient.mockRejectedValueOnce(new Error('the database is away'));
  const other = { ...caller, clientId: 'd' };
  tokens.verify = () => Promise.resolve(other);
  await expect(authenticate('Bearer y', request)).rejects.toThrow('the database is away');
  expect(await authenticate('Bearer y', request)).toEqual(other);
});
