/** F7 at length: the memory of a daemon while one peer writes without limit, with quotas far below. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { findDaemon } from '../../src/cli/control-client.ts';
import { encodeRequest } from '../../src/core/overlay/message.ts';
import { createTestDaemons } from '../helpers/daemons.ts';
import { nowSeconds } from '../helpers/live-nodes.ts';
import { createOutsider } from '../helpers/outsider.ts';
import { bornAgent, bundleOf } from '../helpers/test-agent.ts';

const mebibyte = 1024 * 1024;
const quota = { burst: 1000, perSecond: 100 };
const bundlesPerRequest = 100;
const requestsInFlight = 8;
const warmUpSeconds = 5;
const floodSeconds = 25;

async function readMetric(dataDirectory: string, name: string): Promise<number> {
  const text = await (await fetch(`${findDaemon(dataDirectory).url}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `) || one.startsWith(`${name}{`));
  return line === undefined ? 0 : Number(line.split(' ').at(-1));
}

it('grows the memory of a daemon no further, however long it goes on (F7; stock: +30 MB/s)', async () => {
  const daemons = createTestDaemons();
  const flooder = await createOutsider();
  try {
    const daemon = daemons.create('flooded', {
      settings: [`quotas.putsBurst=${quota.burst}`, `quotas.putsPerSecond=${quota.perSecond}`],
    });
    await daemon.start();
    const requests = Array.from({ length: 80 }, (_, request) =>
      encodeRequest({
        type: 'put',
        bundles: Array.from({ length: bundlesPerRequest }, (_item, index) =>
          bundleOf(bornAgent(`long flood ${request * bundlesPerRequest + index}`, nowSeconds())),
        ),
      }),
    );
    const residentMebibytes = async (): Promise<number> =>
      (await readMetric(daemon.dataDirectory, 'process_resident_memory_bytes')) / mebibyte;

    let sent = 0;
    const startMs = performance.now();
    const elapsedSeconds = (): number => (performance.now() - startMs) / 1000;
    const flood = async (): Promise<void> => {
      while (elapsedSeconds() < floodSeconds) {
        await flooder.ask(daemon, requests[sent % requests.length]!);
        sent++;
      }
    };
    const flooding = Promise.all(Array.from({ length: requestsInFlight }, flood));
    await pause(warmUpSeconds * 1000);
    const warm = await residentMebibytes();
    let highest = warm;
    while (elapsedSeconds() < floodSeconds) {
      await pause(500);
      highest = Math.max(highest, await residentMebibytes());
    }
    await flooding;
    const seconds = floodSeconds - warmUpSeconds;
    const held = await readMetric(daemon.dataDirectory, 'weft_records_held');
    console.info(
      `F7: ${Math.round((sent * bundlesPerRequest) / floodSeconds)} puts/s sent, ${Math.round(held / floodSeconds)}/s taken; ` +
        `memory ${Math.round(warm)} MiB, at most ${Math.round(highest)} MiB in the next ${seconds} s; stock kad-dht: 3,400 puts/s taken, +30 MB/s`,
    );
    expect(held).toBeLessThanOrEqual(quota.burst + quota.perSecond * (floodSeconds + 1));
    expect(sent * bundlesPerRequest).toBeGreaterThan(10 * held);
    // A sixth of what the stock assembly gains in that time.
    expect(highest - warm).toBeLessThan((30 * seconds) / 6);
    await expect(daemon.client().call('GET', '/v1/status')).resolves.toMatchObject({ state: 'ready' });
  } finally {
    await flooder.stop();
    await daemons.close();
  }
});
