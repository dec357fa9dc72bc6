/** What the system lets a daemon have: open files and memory. */
import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { sizeWords } from '../words.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';
import type { Scene } from './scene.ts';

/** Files of both databases and their maps, pipes, modules that are loaded late. */
const ownFiles = 400;
/** Resident without a record, and for each agent that is known: docs/decisions/0008-memory.md. */
const baseBytes = 160e6;
const agentBytes = 800;
/** Of a connection to a peer, its streams and buffers included. */
const connectionBytes = 120e3;

/** Node raises the soft limit to the hard one by itself, here as in the daemon. */
export async function checkDescriptors({ config, daemon }: Scene): Promise<readonly Finding[]> {
  const name = 'open files';
  const processId = daemon.state === 'running' && daemon.processId !== null ? daemon.processId : 'self';
  const text = await readFile(`/proc/${processId}/limits`, 'utf8').catch(() => null);
  const said = text === null ? null : /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1];
  if (said === null || said === undefined)
    return [skipped(name, 'this system does not say how many are allowed')];
  const allowed = said === 'unlimited' ? Number.POSITIVE_INFINITY : Number(said);
  // Sockets beyond connectionsMax are accepted before the least useful are closed.
  const servers = config.api.connectionsMax * (config.nanda.enabled ? 2 : 1);
  const wanted = 2 * config.connectionsMax + servers + ownFiles;
  const detail = `${said} allowed, up to ${wanted} used by connectionsMax ${config.connectionsMax} and api.connectionsMax ${config.api.connectionsMax}`;
  return [
    allowed >= wanted
      ? ok(name, detail)
      : problem(name, detail, 'raise the limit (ulimit -n, LimitNOFILE of systemd), or lower those settings'),
  ];
}

export function checkMemory({ config, daemon }: Scene): readonly Finding[] {
  const name = 'memory';
  const limit = Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
  const agents = daemon.state === 'running' ? daemon.status.agents.known : 0;
  const isEncrypted = config.keystore.protection === 'passphrase';
  const scryptBytes = isEncrypted ? config.keystore.scryptCost * 1024 : 0;
  const runningBytes = baseBytes + agents * agentBytes + config.connectionsMax * connectionBytes;
  const wanted = Math.max(runningBytes, baseBytes / 2 + scryptBytes);
  const what = agents > 0 ? `with ${agents} agents and ` : 'with ';
  const detail = `${sizeWords(limit)} allowed, about ${sizeWords(wanted)} needed ${what}${config.connectionsMax} connections`;
  if (limit < wanted)
    return [
      problem(name, detail, 'give the node more memory, or lower connectionsMax and keystore.scryptCost'),
    ];
  return [
    limit < 1.5 * wanted
      ? warning(name, detail, 'it grows with the agents that are known')
      : ok(name, detail),
  ];
}
