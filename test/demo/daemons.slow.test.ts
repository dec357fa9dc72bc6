/** Daemons as processes: what one acknowledged is there after kill -9, and the same peer comes back at the same place. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openChangeStream } from '../../demo/lib/change-stream.ts';
import { createTestDaemons, type TestDaemons } from '../helpers/daemons.ts';

describe('a daemon that is killed', () => {
  let daemons: TestDaemons;
  beforeEach(() => {
    daemons = createTestDaemons();
  });
  afterEach(() => daemons.close());

  it('comes back as the same peer, with its agents, and hears what happened meanwhile', async () => {
    const [first, second, third] = await daemons.startNetwork(3);
    const registered = await second!.client().call('POST', '/v1/agents', {
      primaryFactsUrl: 'https://agents.example/facts',
    });
    const { agentId } = registered as { agentId: string };
    const { address, peer } = second!;
    await second!.kill();
    await third!.kill();
    const status = async (index: number): Promise<unknown> => {
      const daemon = [first!, second!, third!][index]!;
      return (await daemon.client().call('GET', `/v1/agents/${agentId}?fresh=true`))['status'];
    };
    expect(await status(0)).toBe('ok');
    await second!.start();
    expect(second!.address).toBe(address);
    expect(second!.peer).toBe(peer);
    expect((await second!.client().call('GET', '/v1/agents'))['agents']).toMatchObject([{ agentId }]);
    await second!.client().call('POST', `/v1/agents/${agentId}/revoke`, { reason: 'unspecified' });
    await third!.start();
    const stream = await openChangeStream(third!, () => {});
    const deadlineMs = Date.now() + 15_000;
    while ((await status(2)) !== 'tombstoned') expect(Date.now()).toBeLessThan(deadlineMs);
    stream.close();
  });
});
