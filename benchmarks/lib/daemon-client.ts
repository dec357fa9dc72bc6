/** One real daemon, bin/weft.js with the shipped settings, in a process and a data folder of its own. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDaemon, executable } from '../../demo/lib/daemon.ts';
import { type ControlAddress, type ControlClient, findDaemon } from '../../src/cli/control-client.ts';
import { type AgentId, formatAgentId } from '../../src/core/identity/agent-id.ts';

/** A running daemon. */
export interface RunningDaemon {
  readonly address: string;
  /** Where its API is, with the token. */
  readonly api: ControlAddress;
  /** Calls of its API. */
  readonly client: ControlClient;
  /** From the start of the process until the API says that the node is ready. */
  readonly readyMs: number;
  /** Records that it stores for others, and bytes of its store on disk. */
  stored(): Promise<{ readonly agents: number; readonly diskBytes: number }>;
  /** Resident memory of the process, as the system counts it. */
  residentBytes(): Promise<number>;
  /** Whether the network, asked anew, shows the agent's record. */
  finds(agentId: AgentId): Promise<boolean>;
  stop(): Promise<void>;
}

/** What every benchmark changes: a single writer's quotas, and no lines about every start. */
const settings = [
  'log.level=error',
  'quotas.putsPerSecond=1000000',
  'quotas.putsBurst=1000000',
  'quotas.findsPerSecond=1000000',
  'quotas.findsBurst=1000000',
];

/** Starts a daemon that joins through these addresses (none: a new network), with these further flags of Node's and settings. */
export async function startDaemon(
  bootstrap: readonly string[] = [],
  nodeArguments: readonly string[] = [],
  moreSettings: readonly string[] = [],
): Promise<RunningDaemon> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-bench-daemon-'));
  const dataDirectory = join(directory, 'data');
  const passphraseFile = join(directory, 'passphrase');
  await writeFile(passphraseFile, 'a passphrase of the benchmarks\n', { mode: 0o600 });
  const daemon = createDaemon({
    name: 'daemon',
    dataDirectory,
    passphraseFile,
    bootstrap,
    settings: [...settings, ...moreSettings],
    command: [...nodeArguments, executable],
  });
  const stop = async (): Promise<void> => {
    await daemon.stop();
    await rm(directory, { recursive: true, force: true });
  };
  const beganMs = performance.now();
  try {
    await daemon.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    address: daemon.address,
    api: findDaemon(dataDirectory),
    client: daemon.client(),
    readyMs: performance.now() - beganMs,
    async stored() {
      const status = await daemon.client().call('GET', '/v1/status');
      const { agents, store } = status as unknown as {
        agents: { stored: number };
        store: { sizeBytes: number };
      };
      return { agents: agents.stored, diskBytes: store.sizeBytes };
    },
    residentBytes: async () => residentBytesOf(await processIdIn(dataDirectory)),
    async finds(agentId) {
      const path = `/v1/agents/${formatAgentId(agentId)}?fresh=true`;
      const answer = await daemon.client().call('GET', path);
      return answer['status'] === 'ok';
    },
    stop,
  };
}

async function processIdIn(dataDirectory: string): Promise<number> {
  const address = JSON.parse(await readFile(join(dataDirectory, 'api.json'), 'utf8')) as {
    processId: number;
  };
  return address.processId;
}

/** Linux alone has /proc. */
async function residentBytesOf(processId: number): Promise<number> {
  const status = await readFile(`/proc/${processId}/status`, 'utf8');
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`no VmRSS in /proc/${processId}/status`);
  return Number(kibibytes) * 1024;
}
