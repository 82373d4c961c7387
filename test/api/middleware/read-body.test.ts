import { PassThrough } from 'node:stream';
import { readBody } from '../../../src/api/middleware/read-body';

const request = (headers = {}) => Object.assign(new PassThrough(), { headers });

describe('reading a body', () => {
  afterEach(() => jest.useRealTimers());

  it('puts its pieces together', async () => {
    const stream = request();
    const read = readBody(stream, 10);
    stream.write('12345');
    stream.end('67890');
    expect((await read).toString()).toBe('1234567890');
  });

  it('gives up after 15 seconds and closes the connection', async () => {
    jest.useFakeTimers();
    const stream = request();
    const read = readBody(stream, 10);
    stream.write('1');
    jest.advanceTimersByTime(14_999);
    stream.write('2');
    jest.advanceTimersByTime(1);
    await expect(read).rejects.toMatchObject({ status: 408, extra: { headers: { Connection: 'close' } } });
  });

  it('ends when the client leaves in the middle', async () => {
    const stream = request({ 'content-length': '10' });
    const read = readBody(stream, 10);
    stream.write('123');
    stream.destroy();
    await expect(read).rejects.toMatchObject({ status: 400 });
    const reset = request();
    const other = readBody(reset, 10);
    reset.destroy(new Error('ECONNRESET'));
    await expect(other).rejects.toMatchObject({ status: 400 });
  });

  it('does not wait for a body that is announced as too long', async () => {
    await expect(readBody(request({ 'content-length': '11' }), 10)).rejects.toMatchObject({ status: 413 });
  });
});
