/** What the published Python client of the index sends, from a process of its own, against a live node. */
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiServer } from '../../src/api/bounded-app.ts';
import { startNandaIndex } from '../../src/api/nanda/nanda-server.ts';
import { createLiveNetwork } from '../helpers/live-nodes.ts';
import { createNandaUnderTest, type NandaUnderTest } from './nanda-live.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('./adapter-requests.py', import.meta.url));
const hasPython = spawnSync('python3', ['--version']).status === 0;
const network = createLiveNetwork();
let place: NandaUnderTest;
let index: ApiServer;

beforeAll(async () => {
  const live = await network.start('index');
  place = createNandaUnderTest();
  index = await startNandaIndex(live.node, place.options());
}, 30_000);
afterAll(async () => {
  await index.stop();
  place.close();
  await network.stop();
});

it.each(['agentm12', 'Käse & Brot', '日本'])(
  `answers its requests, for the name %s${hasPython ? '' : ' (not run: no python3)'}`,
  async (name) => {
    if (!hasPython) return;
    const { stdout } = await run('python3', [script, index.url, name]);
    expect(JSON.parse(stdout)).toEqual({
      absent: null,
      registered: true,
      lookup: 'https://agents.example/bridge',
      again: true,
      moved: true,
      lookupMoved: 'https://agents.example/moved',
      page: true,
      lookupPage: 'https://agents.example/page',
      list: expect.objectContaining({
        [name]: 'https://agents.example/moved',
        [`${name} of the page`]: 'https://agents.example/page',
      }),
      mcpServer: null,
      senderBefore: null,
      status: true,
      senderAfter: 'ada',
      lookupClient: 'https://agents.example/moved',
      clients: { ada: 'alive' },
      isAlive: true,
      found: [name],
      health: { status: 'ok', mongo: false },
      unregistered: true,
      lookupGone: null,
      stats: { total_agents: expect.any(Number), alive_agents: 0, total_clients: 0 },
    });
    expect(place.defects).toEqual([]);
  },
);
