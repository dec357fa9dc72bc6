/** An agent that publishes itself, looks another up, and takes its answer only when it is that agent's. */
import { createAgentKeys, formatAgentId } from 'weft/light';
import { joinNetwork } from '../lib/program.ts';
import { doubt, type Proof } from '../lib/signed-call.ts';
import { say } from '../lib/terminal.ts';

const { light, given } = await joinNetwork();
const other = given[0];
if (other === undefined) {
  console.error('say whom to ask: an agent id, as the answerer prints it');
  process.exit(2);
}

const { agentId } = await light.register({ primaryFactsUrl: null, ttlSeconds: 60 }, createAgentKeys(), {
  acknowledgements: 1,
});
const self = formatAgentId(agentId);
say('published', self);

const { status, record, responders } = await light.resolve(other);
say('resolved', `${status}, from ${responders.length} full nodes`);
if (status !== 'ok' || record?.primaryFactsUrl == null) {
  say('not asked', 'the network does not vouch for that agent');
  process.exitCode = 1;
} else {
  const url = new URL(record.primaryFactsUrl);
  url.searchParams.set('question', 'what is the weather?');
  url.searchParams.set('asker', self);
  const { answer, proof } = (await (await fetch(url)).json()) as { answer: string; proof: Proof };
  const why = proof.agent === other ? await doubt(light, proof, self, answer) : 'somebody else answered';
  say(why === null ? 'answer' : 'refused', why ?? answer);
  if (why !== null) process.exitCode = 1;
}
await light.stop();
