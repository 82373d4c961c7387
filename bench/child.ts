import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { types } from 'node:util';
import { z } from 'zod';

/** A process of the benchmark's own (receiver, load generator) that is asked things and answers them. */
export interface Child {
  pid: number;
  /**
   * @throws Error with the child's own message, or when it ends before it answers
   */
  ask<Answer>(question: object, shape: z.ZodType<Answer>): Promise<Answer>;
  stop(): Promise<void>;
}

/** What a message makes of one is not an instance of this realm's class under every test runner. */
export const float64Array = z.custom<Float64Array>(types.isFloat64Array, 'a Float64Array');

const fromChild = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ id: z.number(), error: z.string() }),
  z.object({ id: z.number(), answer: z.unknown() }),
]);
const fromParent = z.object({ id: z.number(), question: z.unknown() });

/**
 * Starts a compiled file of this directory; resolves once it serves. It has a process group of its own, so that Ctrl-C
 * reaches only us, and ends when its channel to us closes, however we ended.
 */
export async function startChild(file: string, args: string[] = []): Promise<Child> {
  const child = fork(path.join(__dirname, file), args, { serialization: 'advanced', detached: true, execArgv: [] });
  const pending = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  let asked = 0;
  let settleReady = (_error?: Error) => {};
  const ready = new Promise<void>((resolve, reject) => {
    settleReady = (error) => (error ? reject(error) : resolve());
  });
  const exited = once(child, 'exit').then(() => {
    const error = new Error(`${file} ended`);
    settleReady(error);
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  });
  child.on('message', (raw) => {
    const message = fromChild.parse(raw);
    if ('ready' in message) return settleReady();
    const question = pending.get(message.id);
    pending.delete(message.id);
    if ('error' in message) question?.reject(new Error(message.error));
    else question?.resolve(message.answer);
  });
  await ready;
  return {
    pid: child.pid ?? -1,
    async ask(question, shape) {
      const answer = await new Promise<unknown>((resolve, reject) => {
        if (!child.connected) return reject(new Error(`${file} has ended`));
        asked += 1;
        pending.set(asked, { resolve, reject });
        child.send({ id: asked, question });
      });
      return shape.parse(answer);
    },
    async stop() {
      if (child.connected) child.disconnect();
      const killing = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await exited;
      clearTimeout(killing);
    },
  };
}

/** The child's side: answers each question, several at a time, until the parent is gone. */
export function answerParent(answer: (question: unknown) => Promise<unknown>): void {
  process.on('message', (raw) => {
    const { id, question } = fromParent.parse(raw);
    answer(question).then(
      (answer) => process.send?.({ id, answer }),
      (error: unknown) => process.send?.({ id, error: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.once('disconnect', () => process.exit());
  process.send?.({ ready: true });
}
