import { createSecureContext } from 'node:tls';
import { openSocket } from '../../../src/platform/egress/connect';
import { startReceiver } from '../../support/receivers';

it('a connection that ends at another address than the checked ones is not used', async () => {
  const receiver = await startReceiver();
  // An address as host is dialled as it is, without asking `lookup`: only looking at the peer can tell.
  const destination = { secure: false, hostname: '127.0.0.1', port: receiver.port, addresses: ['198.41.0.4'] };
  const outcome = await new Promise((resolve) => {
    openSocket(destination, createSecureContext(), { session: null, since: 0 }, (failure, socket) =>
      resolve(failure ?? socket),
    );
  });
  await receiver.close();
  expect(outcome).toMatchObject({ errorClass: 'blocked_address' });
  expect(receiver.requests).toEqual([]);
});
