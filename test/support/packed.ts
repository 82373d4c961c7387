import { execFile } from 'node:child_process';
import { mkdir, rename, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = path.resolve(__dirname, '..', '..');

export interface Packed {
  /** Where the package lies: `node_modules/everhook` of the directory. */
  installed: string;
  /** What is in it. */
  files: string[];
}

/** Installs the package as it would be published, from the built `dist`, and beside it links to some that we have. */
export async function installPacked(directory: string, others: readonly string[]): Promise<Packed> {
  const modules = path.join(directory, 'node_modules');
  const installed = path.join(modules, 'everhook');
  await mkdir(modules);
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory], {
    cwd: root,
    maxBuffer: 16 * 1024 * 1024,
  });
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  await run('tar', ['-xzf', filename], { cwd: directory });
  await rename(path.join(directory, 'package'), installed);
  for (const name of others) await symlink(path.join(root, 'node_modules', name), path.join(modules, name));
  return { installed, files: files.map((file) => file.path) };
}
