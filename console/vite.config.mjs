import path from 'node:path';

const root = import.meta.dirname;
/** Where `everhook api` listens while the console is developed with `npm run console:dev`. */
const api = process.env.EVERHOOK_URL ?? 'http://127.0.0.1:8080';

/** @type {import('vite').UserConfig} */
export default {
  root,
  base: '/console/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: path.join(root, '..', 'dist', 'console'),
    emptyOutDir: true,
    // Inlined files would be data: URLs, which the Content-Security-Policy allows for images only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
  server: { host: '127.0.0.1', proxy: { '/api': api, '/console/session': api, '/console/tenants': api } },
};
