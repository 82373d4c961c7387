import { checkCustomHeader, isSecretHeader } from '../../src/domain/custom-headers';

describe('a custom header', () => {
  it.each([
    ['X-Team', 'billing'],
    ['Authorization', 'Bearer abc'],
    ['Cookie', 'a=b; c=d'],
    ['x', '!'],
    ['X-Long', 'v'.repeat(1024)],
    ["!#$%&'*+.^_`|~", 'every character of a token'],
  ])('may be %s', (name, value) => {
    expect(checkCustomHeader(name, value)).toBeNull();
  });

  it.each(['', 'X Team', 'X:Team', 'X-Täm', 'X\r\nY', '(x)', 'x'.repeat(129)])('can not be named %j', (name) => {
    expect(checkCustomHeader(name, 'v')).toMatch(/header name/);
  });

  it.each([
    'Host',
    'CONNECTION',
    'keep-alive',
    'Proxy-Authorization',
    'Proxy-Anything',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'HTTP2-Settings',
    'Expect',
    'Accept-Encoding',
    'User-Agent',
    'Content-Length',
    'Content-Type',
    'Content-Digest',
    'Signature',
    'Signature-Input',
    'X-Signature-SHA256',
    'Webhook-Id',
    'webhook-anything',
    'X-Sovrin-Webhook-Id',
    'Sec-Fetch-Mode',
    'traceparent',
  ])('can not be %s, which is ours', (name) => {
    expect(checkCustomHeader(name, 'v')).toMatch(/set by Everhook/);
  });

  it.each(['', ' ', ' v', 'v ', 'a\r\nb', 'a\nb', 'a\0b', 'a\tb', 'é', '☃', 'v'.repeat(1025)])(
    'can not have the value %j',
    (value) => {
      expect(checkCustomHeader('X-Team', value)).toMatch(/visible ASCII/);
    },
  );
});

describe('the value of a header', () => {
  it.each(['Authorization', 'COOKIE', 'X-Api-Key', 'apikey', 'X-Auth-Token', 'Client-Secret', 'x-TOKEN-x'])(
    'of the name %s is write-only',
    (name) => {
      expect(isSecretHeader(name)).toBe(true);
    },
  );

  it.each(['X-Team', 'X-Authorization-Scheme', 'X-Cookie-Jar', 'Accept'])('of the name %s may be shown', (name) => {
    expect(isSecretHeader(name)).toBe(false);
  });
});
