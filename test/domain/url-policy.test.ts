import fc from 'fast-check';
import { checkTargetUrl, isAllowedOrigin, parseAllowedOrigins } from '../../src/domain/url-policy';

const strict = { allowQuery: false, allowedOrigins: [] };
const withQuery = { allowQuery: true, allowedOrigins: [] };

describe('a target URL is accepted and normalised', () => {
  it.each([
    ['https://example.com', 'https://example.com'],
    ['https://example.com/', 'https://example.com/'],
    ['https://example.com/hooks/1', 'https://example.com/hooks/1'],
    ['HTTPS://Example.COM/Hooks', 'https://example.com/Hooks'],
    ['https://example.com.', 'https://example.com'],
    ['https://example.com./a', 'https://example.com/a'],
    ['https://example.com:443', 'https://example.com'],
    ['https://example.com:443/a', 'https://example.com/a'],
    ['https://example.com:8443', 'https://example.com:8443'],
    ['https://example.com:1024/', 'https://example.com:1024/'],
    ['https://example.com:65535/', 'https://example.com:65535/'],
    ['https://münchen.example', 'https://xn--mnchen-3ya.example'],
    ['https://faß.de', 'https://xn--fa-hia.de'],
    ['https://example.com/ä', 'https://example.com/%C3%A4'],
    ['https://example.com/a b', 'https://example.com/a%20b'],
    ['https://example.com/a/../b/./c', 'https://example.com/b/c'],
    ['https://example.com/user@name', 'https://example.com/user@name'],
    ['https://example.com/%3F%23', 'https://example.com/%3F%23'],
    ['https://exa\u00admple.com/', 'https://example.com/'],
    ['https://𝓮xample.com/', 'https://example.com/'],
    ['https://\u212a.example/', 'https://k.example/'],
    ['https://example。com/', 'https://example.com/'],
    ['https://ex%61mple.com/', 'https://example.com/'],
    ['https://my_app.example.com/', 'https://my_app.example.com/'],
    ['https://10.0.0.1.nip.io/', 'https://10.0.0.1.nip.io/'],
    ['https://localhost.example.com/', 'https://localhost.example.com/'],
    [`https://${'a'.repeat(63)}.example/`, `https://${'a'.repeat(63)}.example/`],
  ])('%s', (raw, url) => {
    expect(checkTargetUrl(raw, strict)).toEqual({ ok: true, url });
  });

  it.each([
    ['https://example.com/a?b=c', 'https://example.com/a?b=c'],
    ['https://example.com/a?ä=ü', 'https://example.com/a?%C3%A4=%C3%BC'],
    ['https://example.com?b', 'https://example.com?b'],
    ['https://example.com/?', 'https://example.com/?'],
    ['https://example.com/?to=a@b', 'https://example.com/?to=a@b'],
  ])('%s where a query is allowed', (raw, url) => {
    expect(checkTargetUrl(raw, withQuery)).toEqual({ ok: true, url });
  });

  it('normalising twice changes nothing', () => {
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ['https'], withQueryParameters: true }), (raw) => {
        const once = checkTargetUrl(raw, withQuery);
        if (once.ok) expect(checkTargetUrl(once.url, withQuery)).toEqual(once);
      }),
    );
  });
});

describe('a target URL is refused', () => {
  const ipSpellings = [
    'https://1.1.1.1/',
    'https://127.0.0.1/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://127.1/',
    'https://017700000001/',
    'https://1.2.3.4./',
    'https://0x/',
    'https://0/',
    'https://①②⑦.⓪.⓪.①/',
    'https://１２７.０.０.１/',
    'https://127。0。0。1/',
    'https://%31%32%37.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[2606:4700:4700::1111]/',
  ];
  it.each(ipSpellings)('%s is an IP address', (raw) => {
    const reason = expect.stringContaining('IP address') as string;
    expect(checkTargetUrl(raw, strict)).toEqual({ ok: false, reason, blocked: true });
  });

  it.each([
    ['http://example.com/', 'https://'],
    ['ftp://example.com/', 'absolute'],
    ['javascript:alert(1)', 'absolute'],
    ['example.com', 'absolute'],
    ['//example.com/', 'absolute'],
    ['/hooks', 'absolute'],
    ['', 'absolute'],
    ['https://', 'absolute'],
    ['https:example.com', 'absolute'],
    ['https:/example.com', 'absolute'],
    ['https:\\\\example.com', 'backslash'],
    ['https:///x', 'absolute'],
    ['https://example.com\\@evil.com/', 'backslash'],
    ['https://example.com/a\\b', 'backslash'],
    [' https://example.com/', 'blanks'],
    ['https://example.com/ ', 'blanks'],
    ['\u00a0https://example.com/', 'blanks'],
    ['\ufeffhttps://example.com/', 'blanks'],
    ['https://exa\tmple.com/', 'control'],
    ['https://example.com/\n\rfoo', 'control'],
    ['https://example.com/\u0000', 'control'],
    ['https://example.com/\ud800', 'control'],
    ['https://example.com/?', 'query'],
    ['https://example.com?', 'query'],
    ['https://example.com/?a=b', 'query'],
    ['https://example.com/#', 'fragment'],
    ['https://example.com/a#b', 'fragment'],
    ['https://@example.com/', 'user name'],
    ['https://:@example.com/', 'user name'],
    ['https://user:secret@example.com/', 'user name'],
    ['https://example.com%2f@evil.com/', 'user name'],
    ['https://example.com;@x/', 'user name'],
    ['https://example.com＠evil.com/', 'not valid'],
    ['https://example.com%40evil.com/', 'not valid'],
    ['https://exam%2fple.com/', 'not valid'],
    ['https://[fe80::1%25eth0]/', 'not valid'],
    ['https://1.2.3.4.5/', 'not valid'],
    ['https://256.256.256.256/', 'not valid'],
    ['https://08.1.1.1/', 'not valid'],
    ['https://xn--a/', 'not valid'],
    ['https://xn--/', 'not valid'],
    ['https://xn--a.example/', 'not valid'],
    ['https://example.com:65536/', 'not valid'],
    ['https://example.com:a/', 'not valid'],
    ['https://a..b/', 'DNS name'],
    ['https://.example.com/', 'DNS name'],
    ['https://example.com../', 'DNS name'],
    ['https://./', 'DNS name'],
    ['https://-a.example/', 'DNS name'],
    ['https://a*b.example/', 'DNS name'],
    ["https://a'b.example/", 'DNS name'],
    [`https://${'a'.repeat(64)}.example/`, 'DNS name'],
    [`https://${'abcdefghi.'.repeat(26)}example/`, 'DNS name'],
    ['https://1e3/', 'full domain name'],
    ['https://intranet/', 'full domain name'],
    ['https://com./', 'full domain name'],
    ['https://localhost/', 'reserved'],
    ['https://localhost./', 'reserved'],
    ['https://LOCALHOST/', 'reserved'],
    ['https://api.localhost/', 'reserved'],
    ['https://printer.local/', 'reserved'],
    ['https://metadata.google.internal/', 'reserved'],
    ['https://router.home.arpa/', 'reserved'],
    ['https://abc.onion/', 'reserved'],
    ['https://receiver.test/', 'reserved'],
    ['https://receiver.invalid/', 'reserved'],
    ['https://receiver.invalid./', 'reserved'],
    ['https://example.com:0/', 'port'],
    ['https://example.com:22/', 'port'],
    ['https://example.com:25/', 'port'],
    ['https://example.com:80/', 'port'],
    ['https://example.com:1023/', 'port'],
    ['https://example.com:2049/', 'port'],
    ['https://example.com:6000/', 'port'],
    ['https://example.com:6667/', 'port'],
    ['https://example.com:10080/', 'port'],
    [`https://example.com/${'a'.repeat(2048)}`, 'longer'],
    [`https://example.com/${'ä'.repeat(1000)}`, 'longer'],
  ])('%j: %s', (raw, word) => {
    const reason = expect.stringContaining(word) as string;
    const blocked = ['DNS name', 'full domain name', 'reserved', 'port'].includes(word);
    expect(checkTargetUrl(raw, strict)).toEqual({ ok: false, reason, blocked });
  });

  it.each([
    ['http://169.254.169.254/latest', true],
    ['http://localhost:9010/', true],
    ['http://example.com:22/', true],
    ['http://example.com/', false],
  ])('%s, whose scheme is wrong already: where it leads counts too', (raw, blocked) => {
    expect(checkTargetUrl(raw, strict)).toMatchObject({ reason: expect.stringContaining('https://'), blocked });
  });

  it('for a fragment even where a query is allowed', () => {
    expect(checkTargetUrl('https://example.com/?a#b', withQuery).ok).toBe(false);
  });

  it('with a reason that does not repeat its credentials', () => {
    const verdict = checkTargetUrl('https://user:secret@example.com/', strict);
    expect(JSON.stringify(verdict)).not.toMatch(/user:|secret/);
  });

  it('never with an exception, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        checkTargetUrl(text, strict);
        checkTargetUrl(`https://${text}`, withQuery);
      }),
    );
  });
});

describe('an allowed origin', () => {
  const allowedOrigins = parseAllowedOrigins(
    'http://localhost:9010, https://receiver.test:8443,http://10.0.0.1, http://[::1]:80,https://Intern:22',
  );
  const rules = { allowQuery: false, allowedOrigins };

  it.each([
    ['http://localhost:9010/hooks', 'http://localhost:9010/hooks'],
    ['http://localhost:9010', 'http://localhost:9010'],
    ['http://LOCALHOST.:9010/', 'http://localhost:9010/'],
    ['https://receiver.test:8443/', 'https://receiver.test:8443/'],
    ['http://10.0.0.1:80/a', 'http://10.0.0.1/a'],
    ['http://[::1]/a', 'http://[::1]/a'],
    ['https://intern:22/', 'https://intern:22/'],
  ])('may be named by %s', (raw, url) => {
    expect(checkTargetUrl(raw, rules)).toEqual({ ok: true, url });
    expect(isAllowedOrigin(url, allowedOrigins)).toBe(true);
  });

  it.each([
    'https://localhost:9010/',
    'http://localhost:9011/',
    'http://localhost/',
    'http://sub.localhost:9010/',
    'http://127.0.0.1:9010/',
    'https://receiver.test/',
    'http://receiver.test:8443/',
  ])('does not allow %s', (raw) => {
    expect(checkTargetUrl(raw, rules).ok).toBe(false);
    expect(isAllowedOrigin(raw, allowedOrigins)).toBe(false);
  });

  it.each(['/?', '/?a', '/#', '/\\a', '/a\tb'])('is not exempt from the rules for what follows it: %j', (rest) => {
    expect(checkTargetUrl(`http://localhost:9010${rest}`, rules).ok).toBe(false);
  });

  it('is not exempt from the rule against user names', () => {
    expect(checkTargetUrl('http://u:p@localhost:9010/', rules).ok).toBe(false);
    expect(checkTargetUrl('http://@localhost:9010/', rules).ok).toBe(false);
  });

  it('leaves the rules for all others as they are', () => {
    expect(checkTargetUrl('https://example.com/', rules).ok).toBe(true);
    expect(checkTargetUrl('https://127.0.0.1/', rules).ok).toBe(false);
  });

  it('is nothing that is no URL', () => {
    expect(isAllowedOrigin('localhost:9010', allowedOrigins)).toBe(false);
  });
});

describe('EGRESS_ALLOW', () => {
  it.each(['', ' '])('%j allows nothing', (text) => {
    expect(parseAllowedOrigins(text)).toEqual([]);
  });

  it('normalises its origins', () => {
    expect(parseAllowedOrigins('HTTP://LocalHost.:80 ,https://münchen.test:443')).toEqual([
      { origin: 'http://localhost' },
      { origin: 'https://xn--mnchen-3ya.test' },
    ]);
  });

  it.each([
    'localhost:9010',
    'http://',
    'ftp://localhost',
    '*',
    'http://localhost:9010/',
    'http://localhost:9010/a',
    'http://localhost:9010?a',
    'http://localhost:9010#a',
    'http://local host',
    'http:\\\\localhost',
    'http://localhost:99999',
    'http://localhost,',
    'http://a.test,,http://b.test',
  ])('%j is malformed', (text) => {
    expect(() => parseAllowedOrigins(text)).toThrow(/^"[^\n]*" is not an origin: write one such as [^\n]*$/);
  });

  it('does not repeat a password that was put into it', () => {
    expect(() => parseAllowedOrigins('http://user:secret@localhost')).toThrow(/^(?!.*secret).*password/);
  });
});
