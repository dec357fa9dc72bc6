/** Serves the page and the light node's bundle on loopback; any web server does. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { say, untilStopped } from '../lib/terminal.ts';

const { values } = parseArgs({
  options: {
    bootstrap: { type: 'string', multiple: true, default: [] },
    bundle: { type: 'string', default: new URL('../../dist/browser/light.js', import.meta.url).pathname },
    port: { type: 'string', default: '8080' },
  },
});
const files: Readonly<Record<string, readonly [place: string | URL, type: string]>> = {
  '/': [new URL('index.html', import.meta.url), 'text/html; charset=utf-8'],
  '/page.css': [new URL('page.css', import.meta.url), 'text/css'],
  '/page.js': [new URL('page.js', import.meta.url), 'text/javascript'],
  '/light.js': [values.bundle, 'text/javascript'],
  // Loaded with the first private call and the first name.
  '/light-path-engine.js': [values.bundle.replace(/light\.js$/, 'light-path-engine.js'), 'text/javascript'],
  '/light-name-engine.js': [values.bundle.replace(/light\.js$/, 'light-name-engine.js'), 'text/javascript'],
};

const server = createServer(async (request, response) => {
  const file = files[new URL(request.url ?? '/', 'http://localhost').pathname];
  if (file === undefined) {
    response.writeHead(404).end();
    return;
  }
  const [place, type] = file;
  response.writeHead(200, { 'content-type': type }).end(await readFile(place));
});
await new Promise<void>((resolve) => server.listen(Number(values.port), '127.0.0.1', resolve));
const { port } = server.address() as { port: number };
const query = values.bootstrap.map((address) => `bootstrap=${address}`).join('&');
say('open', `http://127.0.0.1:${port}/?${query}`);
await untilStopped();
server.closeAllConnections();
server.close();
