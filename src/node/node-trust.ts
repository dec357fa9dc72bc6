/** Credentials, zones and views of facts on the ports of a node. Nothing is loaded or opened before somebody asks. */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createNativeSigner } from '../adapters/native/native-signer.ts';
import type { NodeConfig } from '../config/config-types.ts';
import { packageVersion } from '../config/package-root.ts';
import type { FactsHost } from '../facts/host/hosted-facts.ts';
import type { StatusCheck } from '../facts/status-entry.ts';
import type { VerifiedFacts } from '../facts/verify-facts.ts';
import type { CredentialIssuer } from '../trust/issuer/issuer-types.ts';
import type { ReputationProvider } from '../trust/reputation.ts';
import type { TrustVerifier } from '../trust/verifier/trust-verifier.ts';
import type { ZonePolicy } from '../trust/zone-policy.ts';
import { createNodeFacts } from './node-facts.ts';
import type { NodePorts } from './node-ports.ts';
import type { NodeTrust, WeftNode } from './node-types.ts';

export interface NodeTrustParts extends Pick<WeftNode, 'resolve' | 'changes' | 'agents'> {
  readonly peer: string;
}

/** A verdict in short. */
export interface ZoneWord {
  readonly isTrusted: boolean;
  readonly reason: string;
  readonly holdsUntilMs: number;
}

/** What other parts of the node ask it. */
export interface RunningNodeTrust extends NodeTrust {
  readonly checkStatus: StatusCheck;
  /** A named zone's word on facts, for the resolution of endpoints. */
  judgeZone(zone: string, facts: VerifiedFacts): Promise<ZoneWord>;
  stop(): Promise<void>;
}

const statusTimeoutMs = 5_000;
const policiesMax = 64;
const policyFileBytesMax = 64 * 1024;
const reputationFileBytesMax = 4 * 1024 * 1024;

/** The facts that this node serves, and the trust that both stand on. */
export function createNodeTrust(
  config: NodeConfig,
  ports: NodePorts,
  parts: NodeTrustParts,
): { readonly trust: RunningNodeTrust; readonly facts: FactsHost } {
  const { store, clock } = ports;
  const issuer = once(() => openIssuer(ports, parts));
  const trusting = once(() => openVerifier(config, ports, parts));
  const checkStatus: StatusCheck = async (entry, did) => (await trusting.get()).checkStatus!(entry, did);
  const facts = createNodeFacts(ports, parts.resolve, checkStatus, parts.agents);
  const views = once(async () => {
    const { createFactsViews } = await import('../trust/views/facts-views.ts');
    const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);
    return createFactsViews({ store, verifier: await trusting.get(), sign: facts.sign, nowSeconds });
  });
  const zones = (): Promise<ReadonlyMap<string, ZonePolicy>> => readPolicies(config.trust.policies);
  const reputation = (): Promise<ReputationProvider | undefined> => readReputation(config.trust.reputation);

  async function judgeZone(zone: string, given: VerifiedFacts): Promise<ZoneWord> {
    const policy = (await zones()).get(zone);
    if (policy === undefined)
      return { isTrusted: false, reason: `no zone ${zone} is known here`, holdsUntilMs: 0 };
    const judging = await trusting.get();
    const verdict = await judging.judge(policy, given.agentId, given, [], await reputation());
    const failed = verdict.rules.find(({ passed }) => !passed);
    return {
      isTrusted: verdict.trusted,
      reason: failed === undefined ? `the zone ${zone} trusts it` : `${failed.rule}: ${failed.found}`,
      holdsUntilMs: verdict.validUntil * 1000,
    };
  }

  async function stop(): Promise<void> {
    const opened = await trusting.opened()?.catch(() => null);
    opened?.stop();
  }

  const trust = { issuer: issuer.get, verifier: trusting.get, views: views.get, zones, reputation };
  return { facts, trust: { ...trust, checkStatus, judgeZone, stop } };
}

async function openIssuer(ports: NodePorts, { resolve, agents }: NodeTrustParts): Promise<CredentialIssuer> {
  const { createCredentialIssuer } = await import('../trust/issuer/credential-issuer.ts');
  const { store, clock, entropy, keys } = ports;
  return createCredentialIssuer({
    ...{ store, clock, entropy },
    resolve: (agentId) => resolve(agentId),
    async findSigner(agentId) {
      const { signing } = await keys.read(agentId);
      return signing === undefined ? null : createNativeSigner(signing);
    },
    async announceRevocation(agentId, digest, expiresAtSeconds, reason) {
      const { publish } = await agents.revokeCredential(agentId, { digest, expiresAtSeconds }, reason);
      return publish.acknowledgements;
    },
  });
}

async function openVerifier(
  config: NodeConfig,
  { store, clock, verifier, log }: NodePorts,
  parts: NodeTrustParts,
): Promise<TrustVerifier> {
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
  const trustLog = log.child({ subsystem: 'trust' });
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
}

async function readPolicies(folder: string | null): Promise<ReadonlyMap<string, ZonePolicy>> {
  const { readZones } = await import('../trust/zone-folder.ts');
  if (folder === null) return readZones([]);
  const names = (await listed(folder)).filter((name) => name.endsWith('.json')).sort();
  const texts = names.slice(0, policiesMax).map(async (file) => ({
    file,
    text: await readText(join(folder, file), policyFileBytesMax),
  }));
  return readZones(await Promise.all(texts));
}

async function readReputation(file: string | null): Promise<ReputationProvider | undefined> {
  if (file === null) return undefined;
  const { reputationOfText } = await import('../trust/reputation.ts');
  return reputationOfText(await readText(file, reputationFileBytesMax), file);
}

/** @throws TrustError `bad-policy` */
async function listed(folder: string): Promise<readonly string[]> {
  const { TrustError } = await import('../trust/trust-error.ts');
  return readdir(folder).catch((error: unknown) => {
    throw new TrustError('bad-policy', `${folder} cannot be read: ${(error as Error).message}`);
  });
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
