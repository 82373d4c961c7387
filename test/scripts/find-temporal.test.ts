import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { MissingPartError } from '../../scripts/local-stack/missing-part';
import { temporalExecutable } from '../../scripts/local-stack/temporal';
import { fakeMachine, type FakeMachine } from './fake-programs';

const FAKE_GO = 'printf "built %s" "$*" > "$GOBIN/temporal"; /bin/chmod +x "$GOBIN/temporal"';

let machine: FakeMachine;
let log: string[];
const find = () => temporalExecutable((line) => log.push(line), machine.env);

beforeEach(async () => {
  machine = await fakeMachine();
  log = [];
});
afterEach(() => machine.remove());

test('the `temporal` on PATH comes before the cache', async () => {
  await machine.install(path.join(machine.cache, 'temporal-cli-1.5.1', 'temporal'));
  const onPath = await machine.install('temporal');
  expect(await find()).toBe(onPath);
});

test('the cache comes before the download and Go, and says nothing', async () => {
  await machine.install('go', 'exit 1');
  const inCache = await machine.install(path.join(machine.cache, 'temporal-cli-1.5.1', 'temporal'));
  expect(await find()).toBe(inCache);
  expect(log).toEqual([]);
});

test('without a download it is built with Go into the cache, once', async () => {
  await machine.install('go', FAKE_GO);
  const built = path.join(machine.cache, 'temporal-cli-1.5.1', 'temporal');
  expect(await find()).toBe(built);
  expect(readFileSync(built, 'utf8')).toBe('built install github.com/temporalio/cli/cmd/temporal@v1.5.1');
  await machine.install('go', 'exit 1');
  expect(await find()).toBe(built);
});

test('with nothing here, one line says what is missing and the command that would provide it', async () => {
  const error: unknown = await find().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MissingPartError);
  expect(String(error)).toMatch(
    /^MissingPartError: no `temporal`, no download \(.+\) and no `go` here: .*`go install \S+`$/,
  );
});

test('a build that fails is one line too, with what Go said', async () => {
  await machine.install('go', 'echo "no space left"; echo "on device"; exit 3');
  const error: unknown = await find().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MissingPartError);
  expect(String(error)).toMatch(/no space left on device.*`go install \S+`$/);
});

describe('with a download', () => {
  let mirror: Server;
  let asked: string[];

  beforeEach(async () => {
    asked = [];
    const program = await machine.install(path.join(machine.cache, '..', 'archived', 'temporal'), 'echo downloaded');
    const archive = execFileSync('tar', ['-cz', '-C', path.dirname(program), 'temporal']);
    mirror = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url === '/archive') response.end(archive);
      else response.end(JSON.stringify({ archiveUrl: `${origin()}/archive`, fileToExtract: 'temporal' }));
    });
    const origin = () => `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`;
    await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve));
    machine.env.TEMPORAL_DOWNLOAD_URL = origin();
  });
  afterEach(() => new Promise((resolve) => mirror.close(resolve)));

  test('it is fetched as the SDK would, before Go is tried, and kept', async () => {
    await machine.install('go', 'exit 1');
    const downloaded = await find();
    expect(execFileSync(downloaded, { encoding: 'utf8' })).toBe('downloaded\n');
    expect(asked[0]).toMatch(/^\/cli\/default\?arch=\w+&platform=\w+&format=tar\.gz&sdk-name=sdk-typescript/);
    expect(await find()).toBe(downloaded);
    expect(asked).toHaveLength(2);
  });
});
