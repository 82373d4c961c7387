import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { logToStderr } from '../../scripts/local-stack/log';
import { runSchemathesis } from '../../scripts/local-stack/schemathesis';
import type { TestApi } from '../support/api';
import { startFuzzedApi } from './fuzzed-api';
import { giveEstate, newHolder } from './tenancy-estate';

/**
 * The OpenAPI document, fuzzed: every operation with what fits it and what does not, without a token, with methods that it
 * does not have, and in sequences. The same requests each time; `FUZZ_SEED` makes others, `FUZZ_SECONDS` goes on for so
 * long (docs/operations.md).
 */
const seed = process.env.FUZZ_SEED ?? '1';
const seconds = Number(process.env.FUZZ_SECONDS ?? 0);
const usualMs = 15 * 60_000;

let api: TestApi;
let directory: string;
beforeAll(async () => {
  [api, directory] = await Promise.all([startFuzzedApi(), mkdtemp(path.join(os.tmpdir(), 'everhook-fuzz-'))]);
});
afterAll(async () => {
  await api?.close();
  await rm(directory, { recursive: true, force: true });
});

/** What no schema says is refused too: targets, names given twice, keys that exclude each other. */
const excludedCheck = 'positive_data_acceptance';

/** Each operation is called as its contract asks; the check `ignored_auth` also calls it without. */
const configuration = (as: { bearer: string; celcoin: string; basic: string }) => `
headers = { Authorization = "Bearer ${as.bearer}" }

[checks]
# 503 is an answer too: a part may be away.
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]

[[operations]]
include-tag = "Celcoin"
headers = { Authorization = "Bearer ${as.celcoin}" }

[[operations]]
include-tag = "Tyk"
headers = { Authorization = "${as.bearer}" }

[[operations]]
include-tag = "Sensedia"
headers = { Authorization = "${as.basic}" }
`;

it(
  'answers whatever is sent as its OpenAPI document says, and never with a failure of its own',
  async () => {
    const holder = await newHolder(api);
    await giveEstate(api, holder, { name: 'own', count: 2 });
    await api.dependencies.messageSigningKeys.ensureOne();
    const config = path.join(directory, 'schemathesis.toml');
    const { token, clientId, clientSecret } = holder.client;
    const asked = { client_id: clientId, client_secret: clientSecret };
    const issued = await api.call('POST', '/api/portal/onboard/v1/token', { body: asked });
    const { access_token: celcoin } = issued.json as { access_token: string };
    await writeFile(config, configuration({ bearer: token, celcoin, basic: holder.basic }));
    const longer = ['--max-time', String(seconds), '--max-examples', '100', '--continue-on-failure'];
    const { passed, output } = await runSchemathesis({
      config,
      cwd: directory,
      args: [
        `${api.url}/openapi.json`,
        ...['--seed', seed, '--generation-database', 'none', '--request-timeout', '20'],
        ...['--exclude-checks', excludedCheck, '--warnings', 'off'],
        ...(seconds > 0 ? longer : ['--max-examples', '5']),
      ],
      withinMs: usualMs + seconds * 1_000,
      log: logToStderr,
    });
    const failures = api.logged.filter(({ level, msg }) => level === 50 || msg === 'a request failed');
    if (!passed || failures.length > 0) {
      throw new Error(`FUZZ_SEED=${seed}\n${JSON.stringify(failures.slice(0, 10))}\n${output}`);
    }
    const [, tested = '0'] = /Tested: (\d+)/.exec(output) ?? [];
    const [, cases = '0'] = /(\d+) generated/.exec(output) ?? [];
    expect(Number(tested)).toBe(await operationCount());
    expect(Number(cases)).toBeGreaterThan(1_000);
  },
  usualMs + seconds * 1_000 + 120_000,
);

/** All but the document itself, which schemathesis has read to begin with. */
async function operationCount(): Promise<number> {
  const { paths } = (await (await fetch(`${api.url}/openapi.json`)).json()) as { paths: Record<string, object> };
  const called = Object.entries(paths).filter(([name]) => name !== '/openapi.json');
  return called.flatMap(([, methods]) => Object.keys(methods)).length;
}
