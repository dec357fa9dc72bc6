/**
 * Questions for TXT records and what answers say, as messages (RFC 1035, 4035, 6891). Decides which records answer the
 * question: those at its name, or at the end of the aliases that lead away from it; whatever else an answer carries is
 * nobody's business.
 */
import { AUTHENTIC_DATA, DNSSEC_OK, decode, encode, RECURSION_DESIRED } from 'dns-packet';
import { NamesError } from '../names-error.ts';

export interface TxtAnswer {
  /** The strings of each record as one text (RFC 7208, §3.3 does so as well); none when there is no such record. */
  readonly texts: readonly string[];
  /** What the resolver says of DNSSEC: the AD bit. */
  readonly isAuthentic: boolean;
  /** The shortest of the way. */
  readonly ttlSeconds: number;
  /** The names of the aliases, in order. */
  readonly aliases: readonly string[];
}

const noError = 0;
const noSuchName = 3;
const rcodeMask = 0x0f;
const aliasesMax = 8;
const textsMax = 32;
/** For which nothing is known to be there, when the zone does not say. */
const negativeTtlDefault = 30;
const negativeTtlMax = 300;
const payloadBytes = 1232;

/** One question, with the wish for validation. @param id 0 to 65535 */
export function encodeTxtQuestion(name: string, id: number): Uint8Array {
  return encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED | AUTHENTIC_DATA,
    questions: [{ type: 'TXT', name, class: 'IN' }],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: payloadBytes,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: DNSSEC_OK,
        flag_do: true,
        options: [],
      },
    ],
  });
}

/** @throws NamesError `dns-failed` for what does not answer this question, or says that it cannot */
export function decodeTxtAnswer(bytes: Uint8Array, name: string, id: number): TxtAnswer {
  let message: ReturnType<typeof decode>;
  try {
    message = decode(Buffer.from(bytes));
  } catch {
    throw failed('the answer is not one of the DNS');
  }
  const [question, ...more] = message.questions ?? [];
  const isAnswer = message.type === 'response' && message.id === id && more.length === 0;
  if (!isAnswer || question?.type !== 'TXT' || !isSame(question.name, name))
    throw failed('the answer is that of another question');
  if (message.flag_tc) throw failed('the answer is cut off');
  const rcode = (message.flags ?? 0) & rcodeMask;
  if (rcode !== noError && rcode !== noSuchName)
    throw failed(
      rcode === 2
        ? 'the resolver cannot answer (SERVFAIL): the zone does not answer, or its signatures do not hold'
        : `the resolver answers with code ${rcode}`,
      rcode,
    );
  return readAnswers(message, name);
}

function readAnswers(message: ReturnType<typeof decode>, name: string): TxtAnswer {
  const answers = message.answers ?? [];
  const aliases: string[] = [];
  let at = name;
  let ttlSeconds = Number.POSITIVE_INFINITY;
  for (;;) {
    const alias = answers.find((one) => one.type === 'CNAME' && isSame(one.name, at));
    if (alias?.type !== 'CNAME') break;
    at = alias.data;
    ttlSeconds = Math.min(ttlSeconds, alias.ttl ?? 0);
    if (aliases.push(at.toLowerCase()) > aliasesMax) throw failed('the aliases of the zone lead in a circle');
  }
  const texts: string[] = [];
  for (const one of answers) {
    if (one.type !== 'TXT' || !isSame(one.name, at)) continue;
    ttlSeconds = Math.min(ttlSeconds, one.ttl ?? 0);
    texts.push(textOf(one.data));
    if (texts.length > textsMax) throw failed(`more than ${textsMax} TXT records at one name`);
  }
  const isAuthentic = message.flag_ad === true;
  if (texts.length > 0) return { texts, isAuthentic, ttlSeconds, aliases };
  return { texts, isAuthentic, ttlSeconds: Math.min(ttlSeconds, negativeTtl(message)), aliases };
}

/** RFC 2308: the lesser of the SOA's own time and of what it says. */
function negativeTtl(message: ReturnType<typeof decode>): number {
  const soa = (message.authorities ?? []).find(({ type }) => type === 'SOA');
  if (soa?.type !== 'SOA') return negativeTtlDefault;
  return Math.min(negativeTtlMax, soa.ttl ?? 0, soa.data.minimum ?? 0);
}

function textOf(data: unknown): string {
  const parts = Array.isArray(data) ? data : [data];
  return parts
    .map((part) => (part instanceof Uint8Array ? Buffer.from(part).toString('latin1') : String(part)))
    .join('');
}

function isSame(left: string, right: string): boolean {
  const plain = (name: string): string => name.toLowerCase().replace(/\.$/, '');
  return plain(left) === plain(right);
}

function failed(message: string, rcode?: number): NamesError {
  return new NamesError('dns-failed', message, rcode === undefined ? {} : { rcode });
}
