/**
 * What a put and a resolve are made of, each part alone on this machine: signatures, warm requests through libp2p with
 * nothing behind them, synced commits. Their sum is a floor: no implementation of the protocol over this transport, with
 * all of its peers in one process, can take less.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLevelStore } from '../../src/adapters/level/level-store.ts';
import { createHost } from '../../src/adapters/libp2p/create-host.ts';
import type { Host } from '../../src/adapters/libp2p/host-types.ts';
import { createSodiumVerifier } from '../../src/adapters/native/sodium-verifier.ts';
import { acknowledgementsDefault, replicationCount, respondersMin } from '../../src/core/limits.ts';
import { agentAddrCheck } from '../../src/core/record/agent-addr.ts';
import { recordBytes } from './records.ts';
import { median } from './statistics.ts';
import { createBenchmarkAgent, secondsNow } from './weft-records.ts';

/** Milliseconds, medians, one thread. */
export interface Parts {
  readonly verificationMs: number;
  /** The first look at a signing key. */
  readonly admissionMs: number;
  /** As many requests of a record's size at once as a resolve needs answers, each answered in kind. */
  readonly requestsOfResolveMs: number;
  /** As many as a put needs acknowledgements. */
  readonly requestsOfPutMs: number;
  /** One record in as many stores on this disk at once, each synced. */
  readonly commitsOfPutMs: number;
}

/** The least that a put of a new agent and a cold resolve of it can take here, and the most puts in a second. */
export interface Floors {
  readonly resolveMs: number;
  readonly putMs: number;
  readonly putsPerSecond: number;
}

/** Signatures of a new agent's bundle: its inception and its first fence. */
const signaturesPerAgent = 2;

export function floorsOf(parts: Parts): Floors {
  const agentMs = parts.admissionMs + signaturesPerAgent * parts.verificationMs;
  return {
    resolveMs: parts.requestsOfResolveMs + agentMs,
    putMs: parts.requestsOfPutMs + parts.commitsOfPutMs + acknowledgementsDefault * agentMs,
    putsPerSecond: 1000 / (replicationCount * agentMs),
  };
}

export async function measureParts(seed: number, samples: number): Promise<Parts> {
  const hosts = await startEchoHosts(1 + acknowledgementsDefault);
  try {
    return {
      ...measureSignatures(seed, samples),
      requestsOfResolveMs: await measureRequests(hosts, respondersMin, samples),
      requestsOfPutMs: await measureRequests(hosts, acknowledgementsDefault, samples),
      commitsOfPutMs: await measureCommits(acknowledgementsDefault, samples),
    };
  } finally {
    await Promise.all(hosts.map((host) => host.stop()));
  }
}

function measureSignatures(seed: number, samples: number): Pick<Parts, 'verificationMs' | 'admissionMs'> {
  const verifier = createSodiumVerifier();
  const checks = Array.from({ length: samples }, (_, index) => {
    const { signer, state } = createBenchmarkAgent(seed, index, secondsNow());
    return agentAddrCheck(state.addr!, state.agentId, state.keyState.establishment, signer.publicKey);
  });
  const timed = (run: (check: (typeof checks)[number]) => boolean): number =>
    median(
      checks.map((check) => {
        const beganMs = performance.now();
        if (!run(check)) throw new Error('a valid signature was refused');
        return performance.now() - beganMs;
      }),
    );
  return {
    admissionMs: timed(({ publicKey }) => verifier.isAdmissibleKey(publicKey)),
    verificationMs: timed((check) => verifier.verify(check)),
  };
}

/** Hosts with the product's transport and framing, whose other side answers every request with its own bytes. */
async function startEchoHosts(count: number): Promise<readonly Host[]> {
  const hosts: Host[] = [];
  for (let index = 0; index < count; index++) {
    const host = await createHost({
      privateKey: randomBytes(32),
      listen: ['/ip4/127.0.0.1/tcp/0'],
      bootstrap: [],
      profile: 'private',
      protocolPrefix: '/weft-floor',
      mode: 'full',
      topics: [],
    });
    await host.overlay.start({
      peerAdded: () => {},
      peerRemoved: () => {},
      peerConnected: () => {},
      peerDisconnected: () => {},
      requestReceived: async (_peer, body) => body,
      pushReceived: () => {},
    });
    await host.gossip.start({ messageReceived: async () => 'ignore' });
    await host.start();
    hosts.push(host);
  }
  return hosts;
}

async function measureRequests([asker, ...others]: readonly Host[], count: number, samples: number) {
  const contacts = others.slice(0, count).map(({ overlay }) => overlay.self);
  const body = new Uint8Array(recordBytes);
  const ask = (): Promise<unknown> =>
    Promise.all(contacts.map((to) => asker!.overlay.request(to, body, { timeoutMs: 5_000 })));
  for (let warmUp = 0; warmUp < samples / 4; warmUp++) await ask();
  return timeEach(samples, ask);
}

async function measureCommits(count: number, samples: number): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-bench-floor-'));
  const stores = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      createLevelStore({ directory: join(directory, `${index}`), ballastBytes: 0 }),
    ),
  );
  try {
    let next = 0;
    return await timeEach(samples, () => {
      const key = `agent/${(next++).toString(16).padStart(64, '0')}`;
      return Promise.all(stores.map((store) => store.write([{ key, value: randomBytes(recordBytes) }])));
    });
  } finally {
    await Promise.all(stores.map((store) => store.close()));
    await rm(directory, { recursive: true, force: true });
  }
}

async function timeEach(samples: number, run: () => Promise<unknown>): Promise<number> {
  const timesMs: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const beganMs = performance.now();
    await run();
    timesMs.push(performance.now() - beganMs);
  }
  return median(timesMs);
}
