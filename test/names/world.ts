/** An overlay of names in memory, web documents by URL, and zones as they are given: what resolving a name stands on. */
import { agentKey } from '../../src/core/identity/agent-id.ts';
import { type NameRecord, nameKey } from '../../src/core/name/name-record.ts';
import type { NameLookUp, Resolution } from '../../src/core/peer/effects.ts';
import { compareItems } from '../../src/core/place/signed-item.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { FactsError } from '../../src/facts/facts-error.ts';
import type { ZoneReader } from '../../src/names/dns/zone-reader.ts';
import type { NamePorts } from '../../src/names/name-types.ts';
import { NamesError } from '../../src/names/names-error.ts';
import { startSeconds } from '../core/name/fixtures.ts';
import { bornAgent, type TestAgent } from '../helpers/test-agent.ts';

export interface World extends NamePorts {
  /** What was fetched, in order. */
  readonly fetched: string[];
  /** What was posted, in order. */
  readonly questions: JsonObject[];
  /** Asks of the overlay so far. */
  lookUps: number;
  say(...records: NameRecord[]): void;
  know(...agents: TestAgent[]): void;
  page(url: string, document: JsonObject): void;
  /** Nobody who should know answers. */
  isSilent: boolean;
  nowSeconds: () => number;
}

export const born = (label: string): TestAgent => bornAgent(label, startSeconds);

export function createWorld(
  options: { readonly zones?: ZoneReader; readonly home?: readonly string[] } = {},
): World {
  const recordByKey = new Map<string, NameRecord>();
  const agentByKey = new Map<string, TestAgent>();
  const pageByUrl = new Map<string, JsonObject>();
  const noZones: ZoneReader = {
    read: async (fqdn) => {
      throw new NamesError('no-such-zone', `${fqdn} names no agent`);
    },
  };
  const world: World = {
    fetched: [],
    questions: [],
    lookUps: 0,
    isSilent: false,
    home: options.home ?? [],
    zones: options.zones ?? noZones,
    nowSeconds: () => startSeconds + 60,
    async lookUp(agentId, point): Promise<NameLookUp> {
      world.lookUps++;
      const record = world.isSilent ? null : (recordByKey.get(nameKey(agentId, point)) ?? null);
      return {
        record,
        asked: 5,
        responders: world.isSilent ? 0 : 5,
        holders: 3,
        isComplete: !world.isSilent,
      };
    },
    async resolve(agentId): Promise<Resolution> {
      const state = agentByKey.get(agentKey(agentId))?.state ?? null;
      const status =
        state === null ? 'not-found' : state.keyState.status === 'active' ? 'ok' : state.keyState.status;
      return { status, agentId, state, ageSeconds: 0, responders: [], holders: 3, cached: false };
    },
    async getDocument(url, _accept, question) {
      world.fetched.push(url);
      if (question !== undefined) world.questions.push(question);
      if (url.includes('unsafe'))
        throw new FactsError('unsafe-address', 'not an address of the public Internet');
      const document = pageByUrl.get(url);
      return document === undefined ? null : { document, contentType: 'application/json', url };
    },
    say(...records) {
      for (const record of records) {
        const before = recordByKey.get(record.key);
        if (before === undefined || compareItems(record, before) > 0) recordByKey.set(record.key, record);
      }
    },
    know(...agents) {
      for (const agent of agents) agentByKey.set(agentKey(agent.agentId), agent);
    },
    page: (url, document) => void pageByUrl.set(url, document),
  };
  return world;
}
