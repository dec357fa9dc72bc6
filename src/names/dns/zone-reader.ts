/**
 * What a zone says of its agent (docs/protocol.md §7): `_nanda.<fqdn> TXT "v=nanda1; aid=<base32>"`. Decides what such a
 * record must look like; that the agent says the same is for others to ask.
 */
import { type AgentId, agentKey, parseAgentId } from '../../core/identity/agent-id.ts';
import { NamesError } from '../names-error.ts';
import type { DnsClient } from './dns-client.ts';
import { zoneLabel } from './zone-text.ts';

export interface ZoneOwner {
  readonly agentId: AgentId;
  /** `dnssec`: validated by a resolver that is trusted for it, over a path that nobody else writes to. */
  readonly grade: 'dnssec' | 'dns';
  /** Seconds since 1970. */
  readonly expiresAt: number;
  /** The names that the answer went through, when there were aliases. */
  readonly aliases: readonly string[];
}

export interface ZoneReader {
  /** @throws NamesError `no-such-zone`, `bad-zone`, `ambiguous-zone`, `dns-failed`, `dns-too-slow` */
  read(fqdn: string): Promise<ZoneOwner>;
}

const versionTag = /^v=nanda1(?:[;\s]|$)/i;

export function createZoneReader(client: DnsClient): ZoneReader {
  return {
    async read(fqdn) {
      const { texts, isAuthentic, expiresAt, aliases } = await client.texts(`${zoneLabel}.${fqdn}`);
      const said = texts.filter((text) => versionTag.test(text));
      if (said.length === 0)
        throw new NamesError(
          'no-such-zone',
          `${fqdn} names no agent: it has no TXT record at ${zoneLabel}.${fqdn}`,
        );
      const owners = new Map(said.map(readZoneText).map((agentId) => [agentKey(agentId), agentId]));
      const [agentId] = owners.values();
      if (agentId === undefined || owners.size > 1)
        throw new NamesError(
          'ambiguous-zone',
          `${fqdn} names ${owners.size} agents: one record says whose it is`,
        );
      return { agentId, grade: isAuthentic ? 'dnssec' : 'dns', expiresAt, aliases };
    },
  };
}

/** Members are `name=value` with semicolons between them; those that are not known are left to others. */
function readZoneText(text: string): AgentId {
  const members = text.split(';').map((member) => member.trim());
  const aids = members.filter((member) => /^aid=/i.test(member)).map((member) => member.slice(4).trim());
  try {
    if (aids.length === 1) return parseAgentId(aids[0]!.toLowerCase());
  } catch {
    // Not an id: the same complaint as for none, or two.
  }
  throw new NamesError('bad-zone', 'the record of the zone reads "v=nanda1; aid=<52 characters>"', {
    textLength: text.length,
  });
}
