/** An agent behind a web server: every caller is an agent too, and is checked against the network before it is served. */
import { fastify } from 'fastify';
import { createAgentKeys, formatAgentId } from 'weft/light';
import { joinNetwork } from '../lib/program.ts';
import { doubt, type Proof } from '../lib/signed-call.ts';
import { say, untilStopped } from '../lib/terminal.ts';

const { light } = await joinNetwork();
const app = fastify({ logger: false });
const served = new Map<string, number>();

/** The caller's proof is over the body as it was sent. */
app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
  done(null, body),
);
app.addHook('preHandler', async (request, reply) => {
  if (request.method !== 'POST') return;
  const proof = readProof(request.headers['x-weft-proof']);
  const why =
    proof === null
      ? 'there is no proof of who calls'
      : await doubt(light, proof, formatAgentId(agentId), String(request.body));
  if (why !== null || proof === null) return reply.code(401).send({ error: why });
  served.set(proof.agent, (served.get(proof.agent) ?? 0) + 1);
});

app.get('/agent.json', () => ({ agent: formatAgentId(agentId), does: 'translate' }));
app.post('/translate', (request) => {
  const { text } = JSON.parse(String(request.body)) as { text: string };
  return { translation: [...text].reverse().join('') };
});

function readProof(header: unknown): Proof | null {
  try {
    const { agent, atSeconds, signature } = JSON.parse(String(header)) as Record<string, unknown>;
    return { agent: String(agent), atSeconds: Number(atSeconds), signature: String(signature) };
  } catch {
    return null;
  }
}

const url = await app.listen({ host: '127.0.0.1', port: 0 });
const { agentId } = await light.register(
  { primaryFactsUrl: `${url}/agent.json`, ttlSeconds: 60 },
  createAgentKeys(),
  { acknowledgements: 1 },
);
say('agent', formatAgentId(agentId));
say('serving', url);

// Whoever was served and is revoked or rotates is named at once: sessions with it end here.
light.events.on('revoked', ({ agentId: gone }) => {
  if (served.delete(formatAgentId(gone))) say('locked out', formatAgentId(gone));
});

await untilStopped();
await app.close();
await light.stop();
