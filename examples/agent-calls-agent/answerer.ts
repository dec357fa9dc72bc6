/** An agent that publishes itself and answers: plain node:http, and a light node beside it. */
import { createServer } from 'node:http';
import { createSigner } from 'weft/core';
import { createAgentKeys, formatAgentId } from 'weft/light';
import { joinNetwork } from '../lib/program.ts';
import { type Proof, prove } from '../lib/signed-call.ts';
import { say, untilStopped } from '../lib/terminal.ts';

const { light } = await joinNetwork();
say('joined', `as peer ${light.peer}`);

const keys = createAgentKeys();
const signer = createSigner(keys.signing);

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const question = searchParams.get('question') ?? '';
  const asker = searchParams.get('asker') ?? '';
  const answer = `you asked: ${question}`;
  const proof: Proof = prove(signer, agentId, asker, answer);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ answer, proof }));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as { port: number };

const { agentId, publish } = await light.register(
  { primaryFactsUrl: `http://127.0.0.1:${port}/ask`, ttlSeconds: 60 },
  keys,
  { acknowledgements: 1 },
);
say('published', `on ${publish.acknowledgements} full nodes`);
say('agent', formatAgentId(agentId));

await untilStopped();
server.close();
await light.stop();
