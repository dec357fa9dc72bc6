/** How many facts and credentials one core verifies in a second, beside how many signatures it checks. */
import { createSodiumVerifier } from '../../src/adapters/native/sodium-verifier.ts';
import { formatAgentDid } from '../../src/core/identity/agent-id.ts';
import type { AgentState } from '../../src/core/record/agent-state.ts';
import type { AgentFacts } from '../../src/facts/agent-facts.ts';
import { parseJsonObject } from '../../src/facts/bounded-json.ts';
import { hashData } from '../../src/facts/data-integrity.ts';
import { issueFacts } from '../../src/facts/issue-facts.ts';
import { methodOfAgent } from '../../src/facts/issuer-keys.ts';
import { verifyFacts } from '../../src/facts/verify-facts.ts';
import { issueCredential } from '../../src/trust/issue-credential.ts';
import { verifyCredential } from '../../src/trust/verify-credential.ts';
import { median } from '../lib/statistics.ts';
import type { MeasuredSection, RunSettings, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { measuredTarget } from '../lib/targets.ts';
import { createBenchmarkAgent, secondsNow } from '../lib/weft-records.ts';

/** The section. */
export const trustFacts: MeasuredSection = {
  section: {
    name: 'facts',
    summary: 'facts and credentials verified a second on one core, beside bare signatures',
    run: runFacts,
  },
  targets: [measuredTarget('facts verified on one core', 'facts/perSecond', 'at-least', 1_000, '/s')],
};

const documents = 64;
const rounds = 5;

/** From bytes to a verdict: parsed, held to the schema, canonicalised, hashed, checked; the agent is known already. */
async function runFacts({ quick, seed, progress }: RunSettings): Promise<SectionResult> {
  const verifier = createSodiumVerifier({ workers: 0 });
  const nowSeconds = secondsNow();
  const made = Array.from({ length: documents }, (_, index) => samplesOf(seed, index, nowSeconds));
  const stateByDid = new Map(made.map(({ did, state }) => [did, state]));
  const resolve = async (agentId: Uint8Array) => {
    const state: AgentState = stateByDid.get(formatAgentDid(agentId))!;
    return {
      status: 'ok' as const,
      agentId,
      state,
      ageSeconds: 0,
      responders: ['a'],
      holders: 1,
      cached: true,
    };
  };
  const context = { resolve, check: verifier.verify, nowSeconds };
  const durationMs = quick ? 300 : 1_500;
  const rates: Record<'signatures' | 'facts' | 'credentials', number[]> = {
    signatures: [],
    facts: [],
    credentials: [],
  };
  try {
    // In turns: whatever the machine does meanwhile, it does to all three.
    for (let round = 0; round <= rounds; round++) {
      const measured = {
        signatures: await rateOf(durationMs, async (index) => {
          if (!verifier.verify(made[index % documents]!.check))
            throw new Error('a good signature was refused');
        }),
        facts: await rateOf(durationMs, async (index) => {
          await verifyFacts(parseJsonObject(made[index % documents]!.facts), context);
        }),
        credentials: await rateOf(durationMs, async (index) => {
          await verifyCredential(parseJsonObject(made[index % documents]!.credential), context);
        }),
      };
      if (round === 0) continue;
      for (const name of ['signatures', 'facts', 'credentials'] as const) rates[name].push(measured[name]);
    }
  } finally {
    await verifier.close();
  }
  const [signatures, facts, credentials] = [
    median(rates.signatures),
    median(rates.facts),
    median(rates.credentials),
  ];
  progress(`facts: ${Math.round(facts)} a second`);
  const size = (bytes: Uint8Array): string => `${bytes.length} B`;
  return {
    data: { signatures, facts, credentials, factsBytes: made[0]!.facts.length, rounds: rates },
    measurements: {
      'facts/perSecond': facts,
      'facts/credentialsPerSecond': credentials,
      'facts/signaturesPerSecond': signatures,
    },
    tables: [
      {
        title: 'Verified on one core, from bytes to a verdict, the issuer’s keys being known',
        columns: ['what', 'size', '/s', 'of the bare signatures'],
        rows: [
          ['bare signatures of 64 bytes', '', formatNumber(signatures), '1'],
          ['facts', size(made[0]!.facts), formatNumber(facts), (facts / signatures).toFixed(2)],
          [
            'credentials',
            size(made[0]!.credential),
            formatNumber(credentials),
            (credentials / signatures).toFixed(2),
          ],
        ],
        notes: [`The median of ${rounds} rounds of ${durationMs} ms of each, after one that is not counted.`],
      },
    ],
    charts: [],
  };
}

async function rateOf(durationMs: number, task: (index: number) => Promise<void>): Promise<number> {
  const beganMs = performance.now();
  let done = 0;
  while (performance.now() - beganMs < durationMs) {
    for (let index = 0; index < 16; index++) await task(done + index);
    done += 16;
  }
  return (done * 1000) / (performance.now() - beganMs);
}

function samplesOf(seed: number, index: number, nowSeconds: number) {
  const { state, signer } = createBenchmarkAgent(seed, index, nowSeconds - 60);
  const did = formatAgentDid(state.agentId);
  const by = {
    issuer: did,
    verificationMethod: methodOfAgent(state.agentId, signer.publicKey),
    signer,
    nowSeconds,
    validitySeconds: 86_400,
  };
  const audit = {
    types: ['SecurityAuditCredential'],
    subject: did,
    claims: { result: 'pass', report: 'https://auditor.example/1' },
  };
  const bytesOf = (document: object): Uint8Array => new TextEncoder().encode(JSON.stringify(document));
  const message = hashData({ index }, { of: 'a bare signature' });
  return {
    did,
    state,
    facts: bytesOf(issueFacts(factsOf(did), by)),
    credential: bytesOf(issueCredential(audit, by).document),
    check: { publicKey: signer.publicKey, message, signature: signer.sign(message) },
  };
}

/** As large as facts usually are: every part of the schema is there. */
function factsOf(id: string): AgentFacts {
  return {
    ...{ id, agent_name: 'urn:agent:acme:translator', label: 'Translator', version: '1.2.0', ttl: 600 },
    description: 'Translates contracts between English and Spanish, with a glossary of its customer.',
    provider: { name: 'Acme', url: 'https://acme.example' },
    endpoints: {
      static: ['https://a.acme.example/a2a', 'https://b.acme.example/a2a'],
      rotating: [{ url: 'https://r.acme.example/a2a', ttl: 300 }],
    },
    capabilities: {
      modalities: ['text'],
      streaming: true,
      authentication: { methods: ['oauth2'], requiredScopes: ['translate'] },
    },
    skills: Array.from({ length: 4 }, (_, index) => ({
      ...{ id: `translate/en-es/${index}`, description: 'English to Spanish, legal texts' },
      ...{ inputModes: ['text/plain'], outputModes: ['text/plain'], supportedLanguages: ['en', 'es'] },
    })),
    evaluations: { performanceScore: 4.8, availability90d: '99.93%' },
    certification: { level: 'verified', issuer: 'NANDA' },
  };
}
