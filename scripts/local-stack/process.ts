import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log';

const KEPT_OUTPUT = 8_192;

export interface Program {
  /** What it is called in messages. */
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Another user to run as; only root may. */
  user?: { uid: number; gid: number };
  /** How it is asked to stop. PostgreSQL's quick and clean stop is SIGINT. */
  stopSignal?: NodeJS.Signals;
}

export interface RunningProgram {
  pid: number;
  hasExited(): boolean;
  /** The end of what it printed. */
  output(): string;
  /** Asks it to stop, kills it after 10 s, and resolves once it is gone. */
  stop(): Promise<void>;
}

/** The executable of that name in the directories of PATH, or undefined. */
export function findOnPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  return (env.PATH ?? '')
    .split(path.delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => path.join(directory, name))
    .find(isExecutable);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * Starts a server. It runs in its own process group, so that Ctrl-C reaches only us and we stop things in the right order;
 * a shell at the other end of a pipe ends it when this process dies without having stopped it (SIGKILL included).
 */
export function startProgram(program: Program): RunningProgram {
  const child = spawn(program.command, program.args, {
    cwd: program.cwd,
    env: program.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...program.user,
  });
  const stopSignal = program.stopSignal ?? 'SIGTERM';
  const output = keepOutput(child);
  let ended = false;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      output.add(String(error));
      resolve();
    });
  }).then(() => {
    ended = true;
    watchdog?.kill('SIGKILL');
  });
  const watchdog = child.pid === undefined ? undefined : endWithThisProcess(child.pid, stopSignal);

  return {
    pid: child.pid ?? -1,
    hasExited: () => ended,
    output: output.text,
    async stop() {
      if (ended) return;
      child.kill(stopSignal);
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** A shell whose standard input is a pipe from this process: it reads end-of-file when this process is gone. */
function endWithThisProcess(pid: number, signal: NodeJS.Signals): ChildProcess {
  const script =
    'while read -r _; do :; done; kill -s "$2" "$1" 2>/dev/null && sleep 10 && kill -s KILL "$1" 2>/dev/null';
  const shell = spawn('sh', ['-c', script, 'sh', String(pid), signal.replace(/^SIG/, '')], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.unref();
  return shell;
}

function keepOutput(child: ChildProcess) {
  let kept = '';
  const add = (chunk: string) => {
    kept = (kept + chunk).slice(-KEPT_OUTPUT);
  };
  child.stdout?.setEncoding('utf8').on('data', add);
  child.stderr?.setEncoding('utf8').on('data', add);
  return { add, text: () => kept };
}

/** A stack trace in one line of JSON would bury the message. */
function lastWords(output: string): string {
  const lines = output.trim().split('\n').slice(-5);
  return lines.map((line) => (line.length > 400 ? `${line.slice(0, 400)}…` : line)).join('\n');
}

/**
 * Resolves when the probe says yes; a probe that throws says no.
 *
 * @throws Error with the end of the program's output, when it exits or isn't ready in time.
 */
export async function untilReady(
  running: RunningProgram,
  name: string,
  probe: () => Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await probe().catch(() => false))) {
    if (running.hasExited()) throw new Error(`${name} stopped while starting: ${lastWords(running.output())}`);
    if (Date.now() > deadline) {
      await running.stop();
      throw new Error(`${name} wasn't ready after ${timeoutMs / 1000} s: ${lastWords(running.output())}`);
    }
    await sleep(50);
  }
}

/**
 * Runs a command to its end, saying every 15 s that it still runs.
 *
 * @throws Error with the end of its output, when it can't be started or fails.
 */
export async function runToEnd(program: Program, log: Log): Promise<void> {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const child = spawn(program.command, program.args, {
    cwd: program.cwd,
    env: program.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...program.user,
  });
  const output = keepOutput(child);
  const endWithUs = () => child.kill();
  process.once('exit', endWithUs);
  const ticker = setInterval(() => log(`${program.name}: ${seconds()} s …`), 15_000);
  try {
    const [code, signal] = await once(child, 'close');
    if (code !== 0) throw new Error(`${program.name} failed (${code ?? signal}): ${lastWords(output.text())}`);
  } finally {
    clearInterval(ticker);
    process.off('exit', endWithUs);
  }
}
