/** Credentials, zones and views of facts on the ports of a node. Nothing is loaded or opened before somebody asks. */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createNativeSigner } from '../adapters/native/native-signer.ts';
import type { NodeConfig } from '../config/config-types.ts';
import { packageVersion } from '../config/package-root.ts';
import type { StatusCheck } from '../facts/status-entry.ts';
import type { VerifiedFacts } from '../facts/verify-facts.ts';
import type { ReputationProvider } from '../trust/reputation.ts';
import type { NodePorts } from './node-ports.ts';
import type { NodeTrust, WeftNode } from './node-types.ts';

export interface NodeTrustParts extends Pick<WeftNode, 'resolve' | 'changes' | 'agents'> {
  readonly peer: string;
  readonly signFacts: WeftNode['facts']['sign'];
}

/** What other parts of the node ask it. */
export interface RunningNodeTrust extends NodeTrust {
  readonly checkStatus: StatusCheck;
  /** A named zone's word on facts, for the resolution of endpoints. */
  judgeZone(
    zone: string,
    facts: VerifiedFacts,
  ): Promise<{ readonly isTrusted: boolean; readonly reason: string; readonly holdsUntilMs: number }>;
  stop(): Promise<void>;
}

const statusTimeoutMs = 5_000;
const policiesMax = 64;
const policyFileBytesMax = 64 * 1024;
const reputationFileBytesMax = 4 * 1024 * 1024;

export function createNodeTrust(
  config: NodeConfig,
  ports: NodePorts,
  parts: NodeTrustParts,
): RunningNodeTrust {
  const { store, clock, entropy, verifier, keys, log } = ports;
  const trustLog = log.child({ subsystem: 'trust' });

  const issuer = once(async () => {
    const { createCredentialIssuer } = await import('../trust/issuer/credential-issuer.ts');
    return createCredentialIssuer({
      ...{ store, clock, entropy },
      resolve: (agentId) => parts.resolve(agentId),
      async findSigner(agentId) {
        const { signing } = await keys.read(agentId);
        return signing === undefined ? null : createNativeSigner(signing);
      },
      async announceRevocation(agentId, digest, expiresAtSeconds, reason) {
        const { publish } = await parts.agents.revokeCredential(
          agentId,
          { digest, expiresAtSeconds },
          reason,
        );
        return publish.acknowledgements;
      },
    });
  });

  const trusting = once(async () => {
    const [
      { createTrustVerifier },
      { createConfirmedResolve },
      { guardedFetch },
      { statusCredentialBytesMax },
    ] = await Promise.all([
      import('../trust/verifier/trust-verifier.ts'),
      import('../trust/verifier/confirmed-resolve.ts'),
      import('../facts/fetch/guarded-fetch.ts'),
      import('../trust/trust-limits.ts'),
    ]);
    const resolve = createConfirmedResolve({
      resolve: (agentId, options) => parts.resolve(agentId, options),
      self: parts.peer,
      nowMs: () => clock.nowMs(),
    });
    const rules = {
      allowPrivate: config.resolution.allowPrivate,
      bytesMax: statusCredentialBytesMax,
      timeoutMs: statusTimeoutMs,
      accept: 'application/vc+json, application/json;q=0.9',
      userAgent: `weft/${packageVersion()}`,
    };
    return createTrustVerifier({
      ...{ store, clock },
      check: verifier.verify,
      network: { resolve, watch: (agents, signal) => parts.changes({ agents, signal }) },
      fetch: async (url) => (await guardedFetch(url, rules)).bytes,
      failed: (error) => trustLog.warn({ error }, 'a part of trust failed'),
    });
  });

  const views = once(async () => {
    const { createFactsViews } = await import('../trust/views/facts-views.ts');
    return createFactsViews({
      store,
      verifier: await trusting.get(),
      sign: parts.signFacts,
      nowSeconds: () => Math.floor(clock.nowMs() / 1000),
    });
  });

  async function zones(): ReturnType<NodeTrust['zones']> {
    const { readZones } = await import('../trust/zone-folder.ts');
    const folder = config.trust.policies;
    if (folder === null) return readZones([]);
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
    const texts = names.slice(0, policiesMax).map(async (file) => ({
      file,
      text: await readText(join(folder, file), policyFileBytesMax),
    }));
    return readZones(await Promise.all(texts));
  }

  async function reputation(): Promise<ReputationProvider | undefined> {
    const file = config.trust.reputation;
    if (file === null) return undefined;
    const { reputationOfText } = await import('../trust/reputation.ts');
    return reputationOfText(await readText(file, reputationFileBytesMax), file);
  }

  return {
    issuer: issuer.get,
    verifier: trusting.get,
    views: views.get,
    zones,
    reputation,
    checkStatus: async (entry, did) => (await trusting.get()).checkStatus!(entry, did),
    async judgeZone(zone, facts) {
      const policy = (await zones()).get(zone);
      if (policy === undefined)
        return { isTrusted: false, reason: `no zone ${zone} is known here`, holdsUntilMs: 0 };
      const verdict = await (await trusting.get()).judge(
        policy,
        facts.agentId,
        facts,
        [],
        await reputation(),
      );
      const failed = verdict.rules.find(({ passed }) => !passed);
      return {
        isTrusted: verdict.trusted,
        reason: failed === undefined ? `the zone ${zone} trusts it` : `${failed.rule}: ${failed.found}`,
        holdsUntilMs: verdict.validUntil * 1000,
      };
    },
    async stop() {
      const opened = trusting.opened();
      if (opened !== null) (await opened.catch(() => null))?.stop();
    },
  };
}

/** A file of the operator's, up to its bound. @throws TrustError `bad-policy` */
async function readText(path: string, bytesMax: number): Promise<string> {
  const { TrustError } = await import('../trust/trust-error.ts');
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > bytesMax) throw new TrustError('bad-policy', `${path} has more than ${bytesMax} bytes`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof TrustError) throw error;
    throw new TrustError('bad-policy', `${path} cannot be read: ${(error as Error).message}`);
  }
}

/** Opened when first asked for; a failure is tried again. */
function once<Value>(open: () => Promise<Value>): { get(): Promise<Value>; opened(): Promise<Value> | null } {
  let opened: Promise<Value> | null = null;
  return {
    get() {
      opened ??= open().catch((error: unknown) => {
        opened = null;
        throw error;
      });
      return opened;
    },
    opened: () => opened,
  };
}
