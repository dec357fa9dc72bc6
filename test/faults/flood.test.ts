/** F7: one peer that writes without limit. Stock kad-dht takes all of it and verifies all of it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { encodeRequest } from '../../src/core/overlay/message.ts';
import type { Verifier } from '../../src/ports/verifier.ts';
import { createLiveNetwork, type LiveNetwork, nowSeconds, watchUncaught } from '../helpers/live-nodes.ts';
import { createOutsider, type Outsider } from '../helpers/outsider.ts';
import { bornAgent, bundleOf } from '../helpers/test-agent.ts';

const quota = { burst: 400, perSecond: 100 };
const bundlesPerRequest = 200;

function createCountingVerifier(): Verifier & { readonly checked: () => number } {
  const verifier = createNodeCryptoVerifier();
  let checked = 0;
  return {
    ...verifier,
    checked: () => checked,
    verifyAll(checks) {
      checked += checks.length;
      return verifier.verifyAll(checks);
    },
  };
}

describe('a peer that writes without limit', () => {
  let network: LiveNetwork;
  let flooder: Outsider;
  let honest: Outsider;
  let uncaught: ReturnType<typeof watchUncaught>;

  beforeEach(async () => {
    uncaught = watchUncaught();
    network = createLiveNetwork();
    flooder = await createOutsider();
    honest = await createOutsider();
  });

  afterEach(async () => {
    await Promise.all([flooder.stop(), honest.stop()]);
    await network.stop();
    uncaught.stop();
    expect(uncaught.errors).toEqual([]);
  });

  it('is refused by quota before any signature, and nobody else is (F7; stock: 3,400 puts/s taken, +30 MB/s)', async () => {
    const verifier = createCountingVerifier();
    const live = await network.start('flooded', {
      replace: { verifier },
      settings: { 'quotas.putsBurst': quota.burst, 'quotas.putsPerSecond': quota.perSecond },
    });
    const target = { peer: live.node.peer, address: live.address };
    const bundles = Array.from({ length: 1200 }, (_, index) =>
      bundleOf(bornAgent(`flood ${index}`, nowSeconds())),
    );
    const requests = Array.from({ length: bundles.length / bundlesPerRequest }, (_, index) =>
      encodeRequest({
        type: 'put',
        bundles: bundles.slice(index * bundlesPerRequest, (index + 1) * bundlesPerRequest),
      }),
    );
    const rounds = 20;
    const startMs = performance.now();
    let honestRefused = 0;
    for (let round = 0; round < rounds; round++) {
      const mine = bornAgent(`honest ${round}`, nowSeconds());
      const [[answer]] = await Promise.all([
        honest.put(target, [bundleOf(mine)]),
        ...requests.map((request) => flooder.ask(target, request)),
      ]);
      if (answer!.status !== 'stored') honestRefused++;
    }
    const seconds = (performance.now() - startMs) / 1000;

    const sent = rounds * bundles.length;
    const allowed = quota.burst + quota.perSecond * seconds;
    const { stored } = (await live.node.status()).agents;
    const refused = await live.metric('weft_requests_refused_total', 'over-quota');
    console.info(
      `F7: ${stored - rounds} of ${sent} puts of a flooder were taken in ${seconds.toFixed(1)} s (its quota: ${Math.floor(allowed)}), ` +
        `${verifier.checked()} signatures checked; stock kad-dht: 3,400 puts/s taken, memory +30 MB/s`,
    );
    expect(honestRefused).toBe(0);
    expect(stored - rounds).toBeGreaterThanOrEqual(quota.burst);
    expect(stored - rounds).toBeLessThanOrEqual(allowed);
    // What is refused for the quota costs no signature: two for each that was taken (inception and fence).
    expect(verifier.checked()).toBe(2 * stored);
    expect(refused).toBeGreaterThanOrEqual(rounds * requests.length - allowed / bundlesPerRequest - 1);
    expect(await live.metric('weft_waiting_requests')).toBe(0);
    expect(live.errors).toEqual([]);
  });
});
