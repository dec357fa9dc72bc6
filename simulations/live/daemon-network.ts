/** Real daemons, each in a network namespace of its own, spoken to over their control APIs. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDaemon, type Daemon } from '../../demo/lib/daemon.ts';
import { agentKey, formatAgentId, parseAgentId } from '../../src/core/identity/agent-id.ts';
import type { Lab } from './lab/lab.ts';
import { createLiveNode, type EndListener, type LiveNetwork, type NodeRun } from './live-network.ts';
import { bootstrapsOf, type NetworkParts, startAll } from './start-all.ts';

const program = fileURLToPath(new URL('lab/daemon.ts', import.meta.url));
/** Many start on one machine. */
const startTimeoutMs = 120_000;
/** As quick to start as in a test; the rest is as shipped. */
const settings = [
  'log.level=warn',
  'keystore.protection=none',
  'store.ballastBytes=0',
  'store.freeBytesMin=0',
];

/** @param directory for the data folders; the caller removes it */
export async function startDaemonNetwork(
  parts: NetworkParts,
  lab: Lab,
  directory: string,
): Promise<LiveNetwork> {
  const passphraseFile = join(directory, 'passphrase');
  writeFileSync(passphraseFile, 'no key is encrypted\n', { mode: 0o600 });
  const asked = Object.entries(parts.settings).map(([key, value]) => `${key}=${String(value)}`);
  const listeners: EndListener[] = [];
  const addresses: string[] = [];
  const daemons: Daemon[] = [];

  const open = (index: number) => async (): Promise<NodeRun> => {
    // One that comes back knows whom it knew.
    daemons[index] ??= createDaemon({
      name: `node ${index}`,
      dataDirectory: join(directory, `node-${index}`),
      passphraseFile,
      bootstrap: bootstrapsOf(index, addresses),
      command: [program],
      settings: [...settings, ...asked],
      host: lab.addressOf(index),
      inside: lab.inside(index),
      startTimeoutMs,
    });
    const daemon = daemons[index];
    await daemon.start();
    addresses[index] = daemon.address;
    return runOf(daemon, (key, atMs) => {
      for (const listener of listeners) listener(index, key, atMs);
    });
  };

  const nodes = Array.from({ length: parts.nodes }, (_, index) => createLiveNode(index, open(index)));
  const network: LiveNetwork = {
    mode: 'namespaces',
    nodes,
    store: 'LevelDB in a temporary folder',
    onEnded: (listener) => void listeners.push(listener),
    sentBytes: lab.bytes,
    cpuSeconds: async () => cpuSecondsOfOthers(),
    wire: { cut: lab.cut, setLoss: lab.setLoss },
    async close() {
      await Promise.all(nodes.map((node) => (node.isUp ? node.run.end() : undefined)));
      // Those that were starting.
      await Promise.all(daemons.map((daemon) => daemon.kill()));
      await lab.close();
    },
  };
  try {
    await startAll(nodes, parts, availableParallelism());
    return network;
  } catch (error) {
    await network.close();
    throw error;
  }
}

function runOf(daemon: Daemon, onEnded: (key: string, acceptedAtMs: number) => void): NodeRun {
  const client = daemon.client();
  const end = new AbortController();
  const following = (async () => {
    for await (const { change, agentId, acceptedAtMs } of client.stream('/v1/changes', end.signal)) {
      if (change === 'tombstoned') onEnded(agentKey(parseAgentId(String(agentId))), Number(acceptedAtMs));
    }
    // Of one that dies by itself the next call tells.
  })().catch(() => {});
  return {
    async resolve(agentId) {
      return String((await client.call('GET', `/v1/agents/${formatAgentId(agentId)}?fresh=true`))['status']);
    },
    async publish(bundle) {
      const { publish } = await client.sendBytes('/v1/bundles', bundle);
      return (publish as { readonly status: string }).status;
    },
    async metrics() {
      return new TextDecoder().decode((await client.readBytes('/metrics')).bytes);
    },
    /** As by a power cut. */
    async end() {
      end.abort();
      await daemon.kill();
      await following;
    },
  };
}

/** Of the processes that this one can see, which are those of this run; itself left out. */
function cpuSecondsOfOthers(): number {
  const ticksPerSecond = 100;
  let ticks = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      // After the name of the program, which may have blanks in it: state is the first, user time the twelfth.
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It has just ended.
    }
  }
  return ticks / ticksPerSecond;
}
