// Writes the software bill of materials of what runs in production, CycloneDX, from package-lock.json.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const [target = path.join(root, 'dist', 'sbom.cdx.json')] = process.argv.slice(2);
const read = (file) => JSON.parse(readFileSync(path.join(root, file), 'utf8'));

// From the lock file alone: the same on every machine, whatever platform's packages are installed there. All of it: with
// `--omit dev` npm leaves out what production and development both need, more than half.
const printed = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
  maxBuffer: 64 * 1024 * 1024,
});
const sbom = JSON.parse(printed);

// npm calls the root after its directory, which is a matter of the machine.
const { name, version } = read('package.json');
sbom.metadata.component.name = name;

const nameOf = (location) => location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length);
const production = new Set([`${name}@${version}`]);
for (const [location, entry] of Object.entries(read('package-lock.json').packages)) {
  if (location !== '' && !entry.dev) production.add(`${nameOf(location)}@${entry.version}`);
}
const isProduction = (ref) => production.has(ref.replace(/\|.*/, ''));
sbom.components = sbom.components.filter((component) => isProduction(component['bom-ref']));
sbom.dependencies = sbom.dependencies
  .filter(({ ref }) => isProduction(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter(isProduction) }));

mkdirSync(path.dirname(target), { recursive: true });
writeFileSync(target, `${JSON.stringify(sbom, null, 2)}\n`);
