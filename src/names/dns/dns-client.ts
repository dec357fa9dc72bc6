/**
 * TXT records by way of a resolver: asked once for each name at a time, kept for as long as the zone says, and believed
 * about DNSSEC only over a path that nobody else writes to. Bounded: the names that are remembered, the questions under way.
 */
import { randomInt } from 'node:crypto';
import { NamesError } from '../names-error.ts';
import { decodeTxtAnswer, encodeTxtQuestion, type TxtAnswer } from './dns-answer.ts';
import { exchange } from './dns-exchange.ts';
import type { DnsServer } from './dns-server.ts';

export interface Texts extends Omit<TxtAnswer, 'ttlSeconds'> {
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

export interface DnsClient {
  /** @throws NamesError `dns-failed`, `dns-too-slow` */
  texts(name: string): Promise<Texts>;
}

const namesMax = 1_024;
const underWayMax = 64;
/** However long a zone says: what it changes is seen within the day. */
const ttlSecondsMax = 86_400;
const timeoutMsDefault = 3_000;

export function createDnsClient(options: {
  /** Asked each time: a machine changes its resolvers. */
  readonly servers: () => readonly DnsServer[];
  readonly nowSeconds: () => number;
  /** Of one question to one resolver. */
  readonly timeoutMs?: number;
}): DnsClient {
  const { servers, nowSeconds, timeoutMs = timeoutMsDefault } = options;
  const keptByName = new Map<string, Texts>();
  const askedByName = new Map<string, Promise<Texts>>();

  async function askAll(name: string): Promise<Texts> {
    let failure: unknown = new NamesError('dns-failed', 'there is no resolver to ask');
    for (const server of servers()) {
      try {
        const { ttlSeconds, isAuthentic, ...said } = await ask(server, name);
        const expiresAt = nowSeconds() + Math.min(ttlSecondsMax, Math.max(0, Math.floor(ttlSeconds)));
        return { ...said, isAuthentic: isAuthentic && server.isTrusted, expiresAt };
      } catch (error) {
        if (!(error instanceof NamesError)) throw error;
        failure = error;
        // A resolver that answered has decided: another one may not validate, and is not asked to say otherwise.
        if (error.data['rcode'] !== undefined) break;
      }
    }
    throw failure;
  }

  async function ask(server: DnsServer, name: string): Promise<TxtAnswer> {
    const id = randomInt(0x1_0000);
    return decodeTxtAnswer(await exchange(server, encodeTxtQuestion(name, id), timeoutMs), name, id);
  }

  function keep(name: string, texts: Texts): void {
    keptByName.delete(name);
    if (texts.expiresAt > nowSeconds()) keptByName.set(name, texts);
    if (keptByName.size > namesMax) keptByName.delete(keptByName.keys().next().value!);
  }

  return {
    async texts(name) {
      const kept = keptByName.get(name);
      if (kept !== undefined && kept.expiresAt > nowSeconds()) return kept;
      const asked = askedByName.get(name);
      if (asked !== undefined) return asked;
      if (askedByName.size >= underWayMax)
        throw new NamesError('dns-failed', `${underWayMax} questions to the DNS are under way: try again`);
      const asking = askAll(name);
      askedByName.set(name, asking);
      try {
        const texts = await asking;
        keep(name, texts);
        return texts;
      } finally {
        askedByName.delete(name);
      }
    },
  };
}
