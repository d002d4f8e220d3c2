// Makes dist/, and fails when a file has become larger than its budget: bytes, gzipped.
import { build } from 'esbuild';
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const BUDGETS = {
  'comet.js': 3000,
  'comet.min.js': 3000,
  'comet-share.js': 1200,
  'simple-comet.js': 468,
  'icomet.js': 1441,
  'ccomet.js': 633,
  'stardust.js': 395,
};

process.chdir(import.meta.dirname ?? new URL('.', import.meta.url).pathname);
await rm('dist', { recursive: true, force: true });
await mkdir('dist');

const common = { minify: true, charset: 'utf8', logLevel: 'warning' };
const modern = { ...common, bundle: true, target: 'es2022', external: ['./comet-share.js'] };
for (const name of ['comet', 'comet-share']) {
  await build({ ...modern, entryPoints: [`src/${name}.js`], format: 'esm', outfile: `dist/${name}.js` });
}
await build({
  ...modern,
  stdin: { contents: "import { connect } from './comet.js'; window.comet = { connect };", resolveDir: 'src' },
  // Wrapped by hand: for its own format iife, esbuild adds what import() does not need in a browser.
  format: 'esm',
  banner: { js: '(()=>{' },
  footer: { js: '})();' },
  outfile: 'dist/comet.min.js',
});
for (const name of ['simple-comet', 'icomet', 'ccomet', 'stardust']) {
  await build({ ...common, entryPoints: [`src/legacy/${name}.js`], target: 'es2021', outfile: `dist/${name}.js` });
}
await copyFile('src/comet.d.ts', 'dist/comet.d.ts');

let failed = false;
for (const [name, budget] of Object.entries(BUDGETS)) {
  const size = gzipSync(await readFile(`dist/${name}`), { level: 9 }).length;
  const verdict = size > budget ? 'TOO LARGE' : 'ok';
  failed ||= size > budget;
  console.log(`${name.padEnd(16)} ${String(size).padStart(5)} of ${String(budget).padStart(5)} bytes gzipped: ${verdict}`);
}
if (failed) process.exitCode = 1;
