#!/usr/bin/env node
// The executable: looks at the Node version, then hands over to cli/main. Plain old syntax, so that an old Node
// can read it far enough to say what is wrong.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

var parts = process.versions.node.split('.');
var major = Number(parts[0]);
var minor = Number(parts[1]);
var main = new URL('../dist/cli/main.js', import.meta.url);

if (major < 22 || (major === 22 && minor < 12)) {
  console.error(
    'weft needs Node >= 22.12, this is v' +
      process.versions.node +
      '; in a clone run it as `npm run weft -- ' +
      (process.argv.slice(2).join(' ') || '--help') +
      '` (npm puts a newer Node first)',
  );
  process.exitCode = 1;
} else if (!existsSync(fileURLToPath(main))) {
  console.error('weft is not built yet; run `npm run build` once');
  process.exitCode = 1;
} else {
  // Node keeps the compiled code on disk: later starts take less time.
  module.enableCompileCache();
  import(main.href)
    .then((cli) => cli.main(process.argv.slice(2)))
    .then(
      (code) => {
        process.exitCode = code;
      },
      (error) => {
        console.error(error);
        process.exitCode = 1;
      },
    );
}
