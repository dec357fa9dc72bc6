/** Calls the server: without a proof, with one, and after its agent has ended. */
import { createSigner } from 'weft/core';
import { createAgentKeys, formatAgentId, parseAgentId } from 'weft/light';
import { joinNetwork } from '../lib/program.ts';
import { prove } from '../lib/signed-call.ts';
import { say } from '../lib/terminal.ts';

const { light, given } = await joinNetwork();
const server = parseAgentId(given[0] ?? '');
const keys = createAgentKeys();
const signer = createSigner(keys.signing);
const { agentId } = await light.register({ primaryFactsUrl: null }, keys, { acknowledgements: 1 });
say('agent', formatAgentId(agentId));

const { record } = await light.resolve(server);
const url = new URL('/translate', record?.primaryFactsUrl ?? '');

async function call(hasProof: boolean): Promise<string> {
  const body = JSON.stringify({ text: 'weft' });
  const proof = prove(signer, agentId, formatAgentId(server), body);
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      ...(hasProof && { 'x-weft-proof': JSON.stringify(proof) }),
    },
  });
  return `${answer.status} ${await answer.text()}`;
}

say('no proof', await call(false));
say('with proof', await call(true));
await light.revoke(agentId, { reason: 'cessationOfOperation', acknowledgements: 1 });

// The server hears of it through the network, not from us: calls go on until it has.
const revokedAtMs = Date.now();
let last = await call(true);
while (last.startsWith('200') && Date.now() - revokedAtMs < 5000) last = await call(true);
say('revoked', `and locked out ${Date.now() - revokedAtMs} ms later`);
say('with proof', last);
await light.stop();
