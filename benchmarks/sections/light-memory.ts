/** Resident memory that a light node adds to the process of an agent. */
import { spawn } from 'node:child_process';
import { median } from '../lib/statistics.ts';
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { withDaemons } from './light-client.ts';

/** The section. */
export const lightMemorySection: Section = {
  name: 'memory',
  summary: 'resident memory that a light node adds to a process that serves and calls HTTP',
  run: runMemory,
};

/** As it is shipped; `npm run bench` has built it. */
const entry = new URL('../../dist/light/index.js', import.meta.url).href;
const requests = 500;

/** Plain JavaScript, so that stripping types is not measured. Prints the bytes added. */
const program = `
const isServer = process.argv[1] === 'server';
const bootstrap = JSON.parse(process.argv[2]);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let server;
if (isServer) {
  const { createServer } = await import('node:http');
  server = createServer((request, response) => response.end(JSON.stringify({ text: 'x'.repeat(1000) })));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = 'http://127.0.0.1:' + server.address().port + '/';
  for (let index = 0; index < ${requests}; index++) await (await fetch(url)).json();
}
const before = process.memoryUsage.rss();
const { createAgentKeys, createLightNode } = await import(${JSON.stringify(entry)});
const node = await createLightNode({ bootstrap });
await node.start();
const { agentId } = await node.register({ primaryFactsUrl: 'https://agents.example/memory' }, createAgentKeys());
await node.resolve(agentId, { fresh: true });
await pause(3000);
process.stdout.write(String(process.memoryUsage.rss() - before));
await node.stop();
server?.closeAllConnections();
server?.close();
`;

function runMemory({ quick, progress }: RunSettings): Promise<SectionResult> {
  const runs = quick ? 3 : 9;
  return withDaemons(async (bootstrap) => {
    const addedBy: Record<'server' | 'bare', number[]> = { server: [], bare: [] };
    for (let run = 0; run < runs; run++) {
      for (const kind of ['server', 'bare'] as const) addedBy[kind].push(await measure(kind, bootstrap));
    }
    progress(`memory: ${2 * runs} processes measured`);
    const server = median(addedBy.server);
    const bare = median(addedBy.bare);
    return {
      data: { runs, serverMegabytes: server, bareMegabytes: bare },
      measurements: { 'memory/addedMegabytes': server },
      tables: [
        {
          title: `Resident memory that a light node with one agent adds, median of ${runs} processes`,
          columns: ['to a process that', 'MB', 'worst'],
          rows: [
            [
              `serves and calls HTTP (${requests} requests)`,
              formatNumber(server),
              formatNumber(Math.max(...addedBy.server)),
            ],
            ['has done nothing', formatNumber(bare), formatNumber(Math.max(...addedBy.bare))],
          ],
          notes: [
            'The difference is what any first work brings in: pages of the Node executable, which processes share, and the heap of young objects.',
          ],
        },
      ],
      charts: [],
    };
  });
}

async function measure(kind: 'server' | 'bare', bootstrap: readonly string[]): Promise<number> {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', program, kind, JSON.stringify(bootstrap)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let printed = '';
  child.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  if (exitCode !== 0) throw new Error(`the measured process ended with ${exitCode}`);
  return Number(printed) / 1e6;
}
