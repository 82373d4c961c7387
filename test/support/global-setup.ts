import { startTestStack, type TestStack } from './stack';

declare global {
  // globalTeardown runs in the same process and finds here what to stop.
  var everhookTestStack: TestStack | undefined;
}

/** Runs once, before the first test file; the processes of the test files inherit the environment. */
export default async function globalSetup(): Promise<void> {
  const stack = await startTestStack();
  globalThis.everhookTestStack = stack;
  for (const [name, value] of Object.entries(stack.environment)) {
    if (value !== undefined) process.env[name] = value;
  }
}
