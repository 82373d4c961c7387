import { reservePort } from '../../scripts/local-stack/ports';
import { startProgram, untilReady, type RunningProgram } from '../../scripts/local-stack/process';
import { commandLine } from '../installation';
import type { Teardown } from '../teardown';

/** A process of Everhook in its place: started again it has the same ports. */
export interface SoakProcess {
  name: string;
  role: 'api' | 'worker';
  url: string;
  pid(): number;
  /** SIGKILL, and started again. Resolves when it is ready. */
  killAndRestart(): Promise<void>;
}

const readyMs = 300_000;

/** As package.json starts them. */
const memory = {
  api: { MALLOC_ARENA_MAX: '2', NODE_OPTIONS: '--max-semi-space-size=16' },
  worker: { MALLOC_ARENA_MAX: '2', NODE_OPTIONS: '--max-semi-space-size=16 --max-old-space-size=192' },
};

/** Starts it and waits until it is ready. */
export async function startProcess(
  { name, role }: Pick<SoakProcess, 'name' | 'role'>,
  env: NodeJS.ProcessEnv,
  teardown: Teardown,
): Promise<SoakProcess> {
  const [port, operationsPort] = [await reservePort(), await reservePort()];
  let program: RunningProgram;

  async function start(): Promise<void> {
    program = startProgram({
      name: `Everhook's ${role}`,
      command: process.execPath,
      args: [commandLine, role],
      env: { ...env, ...memory[role], PORT: String(port), METRICS_PORT: String(operationsPort) },
    });
    const ready = async () => (await fetch(`http://127.0.0.1:${operationsPort}/readyz`)).ok;
    await untilReady(program, `Everhook's ${role}`, ready, readyMs);
  }

  await start();
  teardown.add(() => program.stop());
  return {
    name,
    role,
    url: `http://127.0.0.1:${port}`,
    pid: () => program.pid,
    async killAndRestart() {
      process.kill(program.pid, 'SIGKILL');
      await program.stop();
      await start();
    },
  };
}
