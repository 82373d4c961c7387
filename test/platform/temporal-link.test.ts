import pino from 'pino';
import { createTemporalLink, type TemporalLink } from '../../src/platform/temporal-link';
import { TemporalUnavailable } from '../../src/platform/temporal';
import { startProxy } from '../activities/proxy';
import { codecOf, newEncryptionKey } from '../support/codec';
import { devServer, quietTemporal, testTaskQueue } from '../support/temporal';
import { startableDelivery } from './deliveries';

quietTemporal();
const server = devServer();
afterAll(() => server.close());

const linkTo = (address: string): TemporalLink =>
  createTemporalLink({
    address,
    namespace: 'default',
    taskQueue: testTaskQueue(),
    awsSweepIntervalMs: 60_000,
    retentionIntervalMs: 60_000,
    sweepIntervalMs: 3_600_000,
    eagerStart: false,
    codec: codecOf(newEncryptionKey()),
    log: pino({ level: 'silent' }),
  });

describe('a link to Temporal', () => {
  it('comes up when the server does, refuses until then, and notices when it goes away', async () => {
    const proxy = await startProxy(`tcp://${server.address}`);
    await proxy.cut();
    const link = linkTo(new URL(proxy.url).host);
    await expect(link.runs.start(startableDelivery())).rejects.toThrow(TemporalUnavailable);
    await expect(link.runs.state(startableDelivery())).rejects.toThrow(TemporalUnavailable);
    await expect(link.runs.ask(startableDelivery(), 'cancel')).rejects.toThrow(TemporalUnavailable);
    expect(await link.answers()).toBe(false);

    await proxy.mend();
    const { client } = await link.connected;
    expect(await link.answers()).toBe(true);
    const delivery = startableDelivery();
    await link.runs.start(delivery);
    expect(await link.runs.state(delivery)).toBe('running');
    expect(client.options.namespace).toBe('default');

    await proxy.cut();
    const asked = Date.now();
    expect(await link.answers()).toBe(false);
    expect(Date.now() - asked).toBeLessThan(2_500);
    await link.close();
  });

  it('is closed at once while it still tries, and whoever waits is told', async () => {
    const proxy = await startProxy(`tcp://${server.address}`);
    await proxy.cut();
    const link = linkTo(new URL(proxy.url).host);
    const connected = expect(link.connected).rejects.toThrow(TemporalUnavailable);
    const began = Date.now();
    await link.close();
    await connected;
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(await link.answers()).toBe(false);
  });
});
