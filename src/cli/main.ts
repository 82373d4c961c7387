#!/usr/bin/env node
import { CommanderError } from 'commander';
import { describeFailure, exitCodes } from './failure';
import { createProgram } from './program';

async function main(): Promise<number> {
  try {
    await createProgram().parseAsync(process.argv);
    return exitCodes.ok;
  } catch (error) {
    // Commander has written its message, or the help asked for, before it throws.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const { message, exitCode } = describeFailure(error);
    process.stderr.write(`everhook: ${message}\n`);
    if (error instanceof Error && ['debug', 'trace'].includes(process.env.LOG_LEVEL ?? '')) {
      process.stderr.write(`${error.stack}\n`);
    }
    return exitCode;
  }
}

// The reader of a pipe may have seen enough (`everhook delivery list | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
// What is beside the answer changes nothing when nobody reads it.
process.stderr.on('error', () => {});

void main().then((exitCode) => process.stdout.write('', () => process.exit(exitCode)));
