/** A hundred agents that live for minutes, in one process: one light node, one set of connections, one put for many. */
import { createAgentKeys, formatAgentId } from 'weft/light';
import { joinNetwork } from '../lib/program.ts';
import { say, untilStopped } from '../lib/terminal.ts';

const { light, given } = await joinNetwork();
const count = Number(given[0] ?? 100);
const isStaying = given.includes('stay');

const startMs = performance.now();
// Asked for in one turn, they travel together: records for the same full node share a frame.
const fleet = await Promise.all(
  Array.from({ length: count }, (_, index) =>
    light.register(
      { primaryFactsUrl: `https://fleet.example/agents/${index}`, ttlSeconds: 60, validitySeconds: 3600 },
      // A signing key alone: an ephemeral agent, which nobody can rotate and which ends by itself.
      { signing: createAgentKeys().signing },
      { acknowledgements: 1 },
    ),
  ),
);
const tookMs = performance.now() - startMs;
say('registered', `${fleet.length} agents in ${Math.round(tookMs)} ms, one light node`);
say('held', `${light.held().length} kept alive by this process`);

const again = await Promise.all(fleet.map(({ agentId }) => light.resolve(agentId, { fresh: true })));
say(
  'resolved',
  `${again.filter(({ status }) => status === 'ok').length} of ${fleet.length} from the network`,
);
say('first', formatAgentId(fleet[0]!.agentId));

if (isStaying) await untilStopped();
await Promise.all(fleet.map(({ agentId }) => light.release(agentId)));
say('released', `${light.held().length} left; their records end within the hour`);
await light.stop();
