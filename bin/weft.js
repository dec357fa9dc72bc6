#!/usr/bin/env node
// The executable: looks at the Node version, bounds a daemon's memory, then hands over to cli/main. Plain old syntax,
// so that an old Node can read it far enough to say what is wrong.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

var parts = process.versions.node.split('.');
var major = Number(parts[0]);
var minor = Number(parts[1]);
var main = new URL('../dist/cli/main.js', import.meta.url);

// What keeps a daemon's memory near to what it holds; each can be set from outside only, before the process is there.
// docs/decisions/0008-memory.md has the figures.
var memoryFlags = ['--max-semi-space-size=8', '--heap-growing-percent=50'];
// The threshold is glibc's own: to name it keeps it from rising with the first large buffer that is freed.
var memoryEnvironment = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' };

// Becomes the same command with these bounds, in the same process; whoever set a bound himself keeps it. Without
// process.execve (Windows, Node before 22.15) the daemon runs as it is, with more memory.
function boundMemory() {
  if (process.argv[2] !== 'start' || process.execArgv.includes(memoryFlags[0])) return;
  if (typeof process.execve !== 'function' || process.platform === 'win32' || process.connected) return;
  if ((process.env.NODE_OPTIONS || '').includes('semi-space')) return;
  var argv = [process.execPath].concat(memoryFlags, process.execArgv, process.argv.slice(1));
  process.execve(process.execPath, argv, Object.assign({}, memoryEnvironment, process.env));
}

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
  boundMemory();
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
