/** Verifiers on light nodes in a process of their own, and the calls to the daemon that issues and revokes. */
import { setTimeout as delay } from 'node:timers/promises';
import { createSodiumVerifier } from '../../src/adapters/native/sodium-verifier.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { type ControlAddress, createControlClient } from '../../src/cli/control-client.ts';
import { guardedFetch } from '../../src/facts/fetch/guarded-fetch.ts';
import { createLightNode, formatAgentDid, type LightNode, parseAgentId } from '../../src/light/index.ts';
import { createTrustVerifier, type TrustVerifier } from '../../src/trust/verifier/trust-verifier.ts';
import { runInLanes } from '../lib/lanes.ts';
import { serveCalls } from '../lib/worker-calls.ts';
import type { RevocationOutcome } from './trust-revocation.ts';

const startsAtOnce = 8;
/** Within the ten a minute of one agent that gossip carries at once. */
const revocationsPerIssuer = 8;
const manyAtOnce = 30;
const heardMsMax = 10_000;
const listBytesMax = 256 * 1024;

interface Holder {
  readonly node: LightNode;
  readonly verifier: TrustVerifier;
}

interface Issued {
  readonly serial: string;
  readonly digest: string;
  readonly credential: object;
}

serveCalls({ revocations, stop: async () => {} });

async function startHolder(bootstrap: readonly string[]): Promise<Holder> {
  const node = await createLightNode({ bootstrap });
  await node.start();
  const rules = {
    allowPrivate: true,
    bytesMax: listBytesMax,
    timeoutMs: 10_000,
    accept: 'application/vc+json',
    userAgent: 'weft/bench',
  };
  const verifier = await createTrustVerifier({
    network: {
      resolve: (agentId) => node.resolve(agentId),
      watch: (agents, signal) => node.watch(agents, { signal }),
    },
    check: createSodiumVerifier({ workers: 0 }).verify,
    clock: createSystemClock(),
    fetch: async (url) => (await guardedFetch(url, rules)).bytes,
  });
  return { node, verifier };
}

/** Each verifier's time from the issuer's call until it has let go of the credential. */
async function revocations({
  bootstrap,
  api,
  nodes,
  issuers,
}: {
  bootstrap: readonly string[];
  api: ControlAddress;
  nodes: number;
  issuers: number;
}): Promise<RevocationOutcome> {
  const client = createControlClient(api);
  const holders: Holder[] = [];
  const register = async (): Promise<string> =>
    String((await client.call('POST', '/v1/agents', {}))['agentId']);
  const issue = async (issuer: string): Promise<Issued> => {
    const wish = {
      types: ['SecurityAuditCredential'],
      subject: formatAgentDid(parseAgentId(issuer)),
      claims: { result: 'pass' },
    };
    return (await client.call('POST', `/v1/agents/${issuer}/credentials`, wish)) as unknown as Issued;
  };
  const revoke = (issuer: string, credentials: readonly string[]) =>
    client.call('POST', `/v1/agents/${issuer}/credentials/revoke`, { credentials });
  try {
    await runInLanes(nodes, startsAtOnce, async () => {
      holders.push(await startHolder(bootstrap));
    });
    const byIssuer: (readonly [string, readonly Issued[]])[] = [];
    for (let index = 0; index < issuers; index++) {
      const issuer = await register();
      byIssuer.push([
        issuer,
        await Promise.all(Array.from({ length: revocationsPerIssuer }, () => issue(issuer))),
      ]);
    }
    const many = await register();
    const crowd = await Promise.all(Array.from({ length: manyAtOnce }, () => issue(many)));
    const all = [...byIssuer.flatMap(([, issued]) => issued), ...crowd];
    await runInLanes(nodes, startsAtOnce, async (index) => {
      for (const { credential } of all) await holders[index]!.verifier.accept(credential);
    });
    await delay(3_000);
    const oneByOne: number[] = [];
    for (let turn = 0; turn < revocationsPerIssuer; turn++) {
      for (const [issuer, issued] of byIssuer) {
        const one = issued[turn]!;
        oneByOne.push(...(await heardOf(holders, [one.digest], () => revoke(issuer, [one.serial]))));
        await delay(50);
      }
    }
    const serials = crowd.map(({ serial }) => serial);
    const digests = crowd.map(({ digest }) => digest);
    const atOnce = await heardOf(holders, digests, () => revoke(many, serials));
    return {
      oneByOneMs: oneByOne,
      lost: nodes * issuers * revocationsPerIssuer - oneByOne.length,
      atOnceMs: atOnce,
      atOnceLost: nodes - atOnce.length,
      refused: await countRefused(holders, crowd),
      asked: nodes * manyAtOnce,
    };
  } finally {
    for (const { verifier } of holders) verifier.stop();
    await Promise.all(holders.map(({ node }) => node.stop()));
  }
}

/** Until each has let go of all of them; who never does is not among the times. */
async function heardOf(
  holders: readonly Holder[],
  digests: readonly string[],
  revoke: () => Promise<unknown>,
): Promise<number[]> {
  const beganMs = performance.now();
  const waits = holders.map(
    ({ verifier }) =>
      new Promise<number | null>((resolve) => {
        const end = (timeMs: number | null): void => {
          off();
          clearTimeout(timer);
          resolve(timeMs);
        };
        const off = verifier.onDropped(() => {
          if (!digests.some(verifier.holds)) end(performance.now() - beganMs);
        });
        const timer = setTimeout(() => end(null), heardMsMax);
      }),
  );
  await revoke();
  return (await Promise.all(waits)).filter((timeMs) => timeMs !== null);
}

/** What was revoked stays refused, whoever shows it. */
async function countRefused(holders: readonly Holder[], revoked: readonly Issued[]): Promise<number> {
  let refused = 0;
  await runInLanes(holders.length, startsAtOnce, async (index) => {
    for (const { credential } of revoked) {
      const outcome = await holders[index]!.verifier.accept(credential).then(
        () => 'taken',
        (error: { code?: string }) => error.code,
      );
      if (outcome === 'revoked') refused++;
    }
  });
  return refused;
}
