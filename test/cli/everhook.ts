import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** The built command, as `npm test` has it; EVERHOOK_TEST_MAIN names another one, such as that of an installed package. */
export const main =
  process.env.EVERHOOK_TEST_MAIN ?? path.resolve(__dirname, '..', '..', 'dist', 'src', 'cli', 'main.js');

export interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

interface Options {
  env?: NodeJS.ProcessEnv;
  input?: string;
}

/** Runs a command to its end; its environment has nothing but `env`. */
export async function everhook(args: string[], { env = {}, input = '' }: Options = {}): Promise<Ended> {
  const child = start(args, env);
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { exitCode, stdout, stderr };
}

/** The JSON document of a command that must succeed with nothing else on standard output. */
export async function everhookJson(args: string[], options: Options = {}): Promise<Record<string, unknown>> {
  const ended = await everhook([...args, '--json'], options);
  if (ended.exitCode !== 0) throw new Error(`everhook ${args.join(' ')}: ${ended.exitCode} ${ended.stderr}`);
  const lines = ended.stdout.trimEnd().split('\n');
  if (lines.length !== 1) throw new Error(`more than one line: ${ended.stdout}`);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

export interface Service {
  apiPort: number | null;
  metricsPort: number;
  kill(signal: NodeJS.Signals): void;
  /** Its log lines so far. */
  log: Record<string, unknown>[];
  /** Resolves once it is gone. */
  exited: Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>;
}

/** `everhook start`, `api` or `worker`, once it says that it has started. @throws Error when it ends before that. */
export async function startService(role: string, env: NodeJS.ProcessEnv): Promise<Service> {
  const child = start([role], { HOST: '127.0.0.1', PORT: '0', METRICS_PORT: '0', ...env });
  services.push(child);
  const exited = once(child, 'close').then(([exitCode, signal]) => ({ exitCode, signal }));
  const stderr = textOf(child.stderr);
  const log: Record<string, unknown>[] = [];
  const started = new Promise<Record<string, unknown>>((resolve) => {
    if (!child.stdout) return;
    createInterface(child.stdout).on('line', (line) => {
      const entry = JSON.parse(line) as Record<string, unknown>;
      log.push(entry);
      if (entry.msg === 'started') resolve(entry);
    });
  });
  const { apiPort, metricsPort } = await Promise.race([
    started,
    exited.then(async ({ exitCode }) => {
      throw new Error(`everhook ${role} ended with ${exitCode}: ${await stderr}`);
    }),
  ]);
  return {
    apiPort: apiPort as number | null,
    metricsPort: metricsPort as number,
    kill: (signal) => child.kill(signal),
    log,
    exited,
  };
}

const services: ChildProcess[] = [];

/** For after the tests: a test that fails leaves its service running, which would keep jest from ending. */
export function killServices(): void {
  for (const child of services.splice(0)) child.kill('SIGKILL');
}

function start(args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}
