/** Views of an agent and logs of nodes, fetched from wherever they are and held against one another. */

import type { JsonObject } from '../../api/views.ts';
import { AuditError } from '../../audit/audit-error.ts';
import { openCheckpoint } from '../../audit/note/checkpoint.ts';
import { compareViews } from '../../audit/proof/compare-views.ts';
import { findLogFork, type TreeSource } from '../../audit/proof/find-log-fork.ts';
import { forkOf } from '../../audit/proof/fork-of.ts';
import { type InclusionFile, type ProofFile, readProofFile } from '../../audit/proof/proof-file.ts';
import { verifyProofFile } from '../../audit/proof/verify-file.ts';
import { formatTilePath } from '../../audit/tile/tile-path.ts';
import { utf8FromBytes } from '../../core/bytes.ts';
import { CliError } from '../cli-error.ts';
import { type ControlClient, createControlClient } from '../control-client.ts';
import { holds } from './audit-files.ts';

/** What came of it. */
export interface Compared {
  readonly verdict: 'same' | 'behind' | 'overturned' | 'continues' | 'unproven' | 'forked' | 'log-fork';
  /** Verified here; null where nothing contradicts, or nothing can be shown to a third. */
  readonly proof: ProofFile | null;
}

/** Another node: by the address of its API, or by its peer id through the own daemon. */
export type OtherNode =
  | { readonly by: 'api'; readonly client: ControlClient }
  | { readonly by: 'peer'; readonly peer: string };

export function otherNode(place: string, token: string): OtherNode {
  if (/^https?:\/\//.test(place))
    return { by: 'api', client: createControlClient({ url: place.replace(/\/+$/, ''), token }) };
  if (/^[1-9A-HJ-NP-Za-km-z]{40,64}$/.test(place)) return { by: 'peer', peer: place };
  throw new CliError(
    'usage',
    `--with: "${place}" is neither an address of an API nor a peer id`,
    'write http://192.0.2.7:4800, or a peer id that `weft peers` shows',
  );
}

/** @throws AuditError, ControlError, CliError. */
export async function compareAgent(own: ControlClient, other: OtherNode, agent: string): Promise<Compared> {
  const path = `/v1/audit/agents/${encodeURIComponent(agent)}`;
  const [left, right] = await Promise.all([
    viewOf(own, path),
    other.by === 'api' ? viewOf(other.client, path) : viewOf(own, `${path}?peer=${other.peer}`),
  ]);
  const { verdict, proof } = compareViews(left, right, holds);
  if (proof !== null || other.by === 'peer') return { verdict, proof: verified(proof) };
  const [one, two] = [openCheckpoint(left.checkpoint, holds), openCheckpoint(right.checkpoint, holds)];
  if (one.origin !== two.origin) return { verdict, proof };
  const fork = await findLogFork(sourceOf(own, one), sourceOf(other.client, two));
  return fork === null ? { verdict, proof } : { verdict: 'log-fork', proof: verified(fork) };
}

/** The log that another node shows, against what the own daemon knows of it, or against its own log of the same name. */
export async function compareLogs(own: ControlClient, other: OtherNode): Promise<Compared> {
  if (other.by === 'peer') return comparePeer(await own.call('GET', `/v1/audit/logs/${other.peer}`));
  const shown = await checkpointOf(other.client);
  const mine = await checkpointOf(own);
  if (mine.origin === shown.origin) {
    const fork = await findLogFork(sourceOf(own, mine), sourceOf(other.client, shown));
    return fork === null
      ? { verdict: 'continues', proof: null }
      : { verdict: 'log-fork', proof: verified(fork) };
  }
  const { logs } = (await own.call('GET', '/v1/audit/logs')) as unknown as { logs: { checkpoint: string }[] };
  const known = logs
    .map(({ checkpoint }) => openCheckpoint(checkpoint, holds))
    .find(({ origin }) => origin === shown.origin);
  if (known === undefined)
    throw new AuditError(
      'no-such-log',
      'the own daemon has not heard of that log: nothing to compare it with',
    );
  const fork = forkOf(known, shown);
  if (fork !== null) return { verdict: 'log-fork', proof: verified(fork) };
  if (known.size > shown.size) return { verdict: 'unproven', proof: null };
  const proof = readProofFile(
    await other.client.call('POST', '/v1/audit/consistency', { checkpoint: known.note }),
  );
  verifyProofFile(proof, holds);
  return { verdict: 'continues', proof: null };
}

function comparePeer(answer: JsonObject): Compared {
  const { state, fork } = answer as unknown as { state: 'consistent' | 'unproven' | 'forked'; fork: unknown };
  if (state === 'forked')
    return { verdict: 'log-fork', proof: fork === null ? null : verified(readProofFile(fork)) };
  return { verdict: state === 'consistent' ? 'continues' : 'unproven', proof: null };
}

async function viewOf(client: ControlClient, path: string): Promise<InclusionFile> {
  const file = readProofFile(await client.call('GET', path));
  if (file.kind !== 'inclusion')
    throw new AuditError('not-a-proof-file', 'the node answered with another kind of proof');
  return file;
}

async function checkpointOf(client: ControlClient) {
  const { bytes } = await client.readBytes('/audit/checkpoint');
  return openCheckpoint(utf8FromBytes(bytes), holds);
}

function sourceOf(client: ControlClient, checkpoint: TreeSource['checkpoint']): TreeSource {
  return {
    checkpoint,
    tile: async (place) => (await client.readBytes(`/audit/${formatTilePath(place)}`)).bytes,
  };
}

/** What is handed on was checked here first. */
function verified<File extends ProofFile | null>(file: File): File {
  if (file !== null) verifyProofFile(file, holds);
  return file;
}
