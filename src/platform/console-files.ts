import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A file of the console as it is sent. */
export interface ConsoleFile {
  contentType: string;
  content: Buffer;
  /** Null where compressing gains nothing. */
  gzipped: Buffer | null;
  /** Its name has a hash of its content: it never changes. */
  immutable: boolean;
}

/** By path below `/console/`, such as `index.html` and `assets/index-Bx1z.js`. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>;

/** What a build of the console may hold. Other files are not served: source maps, what an editor left. */
const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};
const compressible = /^text\/|json|svg/;

const compress = promisify(gzip);

/** Where `npm run build` puts the console: the same for compiled code and for sources. */
export function consoleDirectory(): string {
  let root = __dirname;
  while (!existsSync(path.join(root, 'package.json')) && path.dirname(root) !== root) root = path.dirname(root);
  return path.join(root, 'dist', 'console');
}

/**
 * Reads all of it once: afterwards a path is a key of a map, and no request reaches the file system. Null: it is not
 * built.
 */
export async function readConsoleFiles(directory: string): Promise<ConsoleFiles | null> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
      throw error;
    },
  );
  const files = new Map<string, ConsoleFile>();
  for (const entry of entries) {
    const contentType = contentTypes[path.extname(entry.name)];
    if (!entry.isFile() || contentType === undefined) continue;
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(directory, file).split(path.sep).join('/');
    const content = await readFile(file);
    const gzipped = compressible.test(contentType) ? await compress(content, { level: 9 }) : null;
    files.set(name, {
      contentType,
      content,
      gzipped: gzipped && gzipped.length < content.length ? gzipped : null,
      immutable: name.startsWith('assets/'),
    });
  }
  return files.has('index.html') ? files : null;
}
