// Compiles to dist/, bundles the workflow code once, so that workers start without webpack, and builds the console.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const root = path.resolve(import.meta.dirname, '..');
const dist = path.join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});

// npx links the package's bin once; a file that is made again has to be executable by itself.
chmodSync(path.join(dist, 'src', 'cli', 'main.js'), 0o755);

const { bundleWorkflowCode, DefaultLogger } = require('@temporalio/worker');
const { workflowSources } = require(path.join(dist, 'src', 'worker.js'));
const { code } = await bundleWorkflowCode({ ...workflowSources(), logger: new DefaultLogger('WARN') });
mkdirSync(path.join(dist, 'src', 'workflows'), { recursive: true });
writeFileSync(path.join(dist, 'src', 'workflows', 'bundle.js'), code);

const { build } = await import('vite');
await build({ configFile: path.join(root, 'console', 'vite.config.mjs'), logLevel: 'warn' });
