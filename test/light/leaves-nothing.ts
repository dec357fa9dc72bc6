/** A program that embeds a light node and ends by itself: run by live.test.ts with an address to join through. */
import { createAgentKeys, createLightNode } from '../../src/light/index.ts';

const light = await createLightNode({ bootstrap: [process.argv[2]!] });
await light.start();
const { agentId } = await light.register(
  { primaryFactsUrl: 'https://agents.example/child' },
  createAgentKeys(),
);
const { status } = await light.resolve(agentId, { fresh: true });
const changes = light.watch(agentId)[Symbol.asyncIterator]().next();
await light.stop();
await changes;
// Whatever were left would keep the process alive: nothing here ends it.
const stoppedMs = performance.now();
process.on('exit', () => {
  process.stdout.write(JSON.stringify({ status, livedOnMs: performance.now() - stoppedMs }));
});
