import tseslint from 'typescript-eslint';

/** Layers of docs/architecture.md: an import against the arrows fails the lint. */
const layer = (files, forbidden, message) => ({
  files,
  rules: {
    'no-restricted-imports': ['error', { patterns: forbidden.map((regex) => ({ regex, message })) }],
  },
});

const nodeBuiltins = '^(node:|(fs|http|https|crypto|net|tls|dns|os|path|timers|worker_threads|child_process)$)';

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'coverage', 'docs'] },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/cli/**', 'scripts/**', 'bench/**', 'test/support/**', 'test/replay/record.ts'],
    rules: { 'no-console': 'off' },
  },
  layer(
    ['src/domain/**'],
    ['/(api|activities|store|platform|workflows|cli)/', '^(knex|pg|koa|undici|pino|@temporalio)'],
    'domain is pure: it imports nothing but domain',
  ),
  layer(
    ['src/workflows/**'],
    [nodeBuiltins, '/(api|store|platform|cli)/', '^(knex|pg|koa|undici|pino|zod|@temporalio/(client|worker|activity))'],
    'workflow code is deterministic: it imports domain and the types of activities',
  ),
  layer(
    ['src/store/**'],
    ['/(api|activities|workflows|cli)/', '^(koa|@temporalio)'],
    'store imports platform and domain only',
  ),
  layer(['src/platform/**'], ['/(api|activities|store|cli)/', '^(knex|koa)'], 'platform imports domain only'),
  layer(
    ['src/verify/**'],
    ['/(api|activities|store|platform|workflows|cli)/', '^(knex|pg|koa|undici|pino|zod|@temporalio)'],
    'verify runs in programs of others: it imports domain only, and stays light',
  ),
  layer(
    ['console/src/**'],
    [nodeBuiltins, '/(api|activities|store|platform|workflows|cli)/', '^(knex|pg|koa|undici|pino|zod|@temporalio)'],
    'the console runs in browsers: it knows Everhook by its API and its pure domain',
  ),
  layer(
    ['src/client/**'],
    ['/(api|activities|store|platform|workflows|domain|cli)/', '^(node:|[a-z@])'],
    'the client runs in programs of others: it imports nothing but itself',
  ),
  layer(['src/activities/**'], ['/(api|cli)/', '^koa'], 'activities import store, platform and domain'),
);
