import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../../src/platform/config';
import { readDocument, root, section, tableRows } from './documents';

const required = {
  DATABASE_URL: 'postgres://everhook:password@localhost/everhook',
  ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
  TOKEN_SIGNING_KEY: Buffer.alloc(32, 2).toString('base64'),
};

const rows = tableRows(section(readDocument('README.md'), '## Configuration'), 'variable').map(
  ([variable = '', byDefault = '']) => ({ name: variable.replaceAll('`', ''), byDefault }),
);

/** Every name of the schema in config.ts. Read from its text: what it parses to leaves out absent optional ones. */
function schemaNames(): string[] {
  const source = readFileSync(path.join(root, 'src', 'platform', 'config.ts'), 'utf8');
  const schema = /^const schema = z\.object\(\{\n([\s\S]*?)^\}\);/m.exec(source)?.[1] ?? '';
  return [...schema.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name = '']) => name);
}

describe('the table of settings in the README', () => {
  it('has every setting, and no other', () => {
    const names = schemaNames();
    expect(names).toEqual(expect.arrayContaining(Object.keys(readConfig(required))));
    expect(rows.map(({ name }) => name).sort()).toEqual(names.sort());
  });

  it('calls required what a start is refused without', () => {
    const said = rows.filter(({ byDefault }) => byDefault === 'required').map(({ name }) => name);
    expect(said.sort()).toEqual(Object.keys(required).sort());
    for (const name of said) expect(() => readConfig({ ...required, [name]: '' })).toThrow(`${name} is not set`);
  });

  const withDefault = rows.filter(({ byDefault }) => byDefault.startsWith('`'));
  it.each(withDefault.map(({ name, byDefault }) => [name, byDefault.replaceAll('`', '')] as const))(
    '%s is %s when it is not set',
    (name, value) => {
      expect(readConfig({ ...required, [name]: value })).toEqual(readConfig(required));
    },
  );

  it('gives a default for every setting that has one', () => {
    const config: Record<string, unknown> = readConfig(required);
    const without = rows.filter(({ byDefault }) => !byDefault.startsWith('`') && byDefault !== 'required');
    const hidden = without.filter(({ name }) => config[name] !== undefined && !isEmptyList(config[name]));
    expect(hidden).toEqual([]);
  });
});

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
