/** Every full node that a light node talks to may lie: it answers from the honest ones, or says that it could not. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LightNodeError } from '../../src/light/index.ts';
import type { LightResolution } from '../../src/light/light-types.ts';
import { bornAgent, bundleOf, refenced, type TestAgent } from '../helpers/test-agent.ts';
import { lies, type Truth } from './hostile.ts';
import {
  createModelNetwork,
  type HonestPeer,
  type LightOfModel,
  type ModelNetwork,
} from './model-network.ts';

const names = Object.keys(lies);
const honestNodes = 4;

describe('a light node', () => {
  let network: ModelNetwork;
  let old: TestAgent;
  let current: TestAgent;
  let truth: Truth;

  beforeEach(() => {
    network = createModelNetwork();
    const bornSeconds = Math.floor(network.clock.nowMs() / 1000) - 100;
    old = bornAgent('lied about', bornSeconds);
    current = refenced(old, { primary: 'https://example.org/current' }, bornSeconds + 50);
    const ofAnother = bundleOf(bornAgent('somebody else', bornSeconds));
    truth = { current: bundleOf(current), old: bundleOf(old), ofAnother };
  });
  afterEach(() => network.stop());

  /** A call that waits for nothing but time. */
  async function timed<Value>(call: Promise<Value>): Promise<Value> {
    let isDone = false;
    const settle = (): void => {
      isDone = true;
    };
    call.then(settle, settle);
    for (let step = 0; step < 60 && !isDone; step++) await network.clock.advance(250);
    return call;
  }

  const resolve = (light: LightOfModel, fresh = true): Promise<LightResolution> =>
    timed(light.node.resolve(current.agentId, { fresh }));

  async function honest(): Promise<HonestPeer[]> {
    const peers: HonestPeer[] = [];
    for (let index = 0; index < honestNodes; index++) peers.push(await network.honest(`honest ${index}`));
    await peers[0]!.publish(truth.current);
    return peers;
  }

  it.each(names)('answers from the honest ones where as many say %s', async (name) => {
    await honest();
    for (let index = 0; index < honestNodes; index++) {
      network.hostile(`liar ${index}`).answer = (_from, body) => lies[name]!(truth)(body);
    }
    const light = await network.light();
    const { status, record, holders } = await resolve(light);
    expect({ status, url: record?.primaryFactsUrl }).toEqual({
      status: 'ok',
      url: 'https://example.org/current',
    });
    expect(holders).toBeGreaterThanOrEqual(3);
    expect(await resolve(light, false)).toMatchObject({ cached: true });
  });

  it.each(names)('never gives out what is not the agent’s where all say %s', async (name) => {
    for (let index = 0; index < 3; index++) {
      network.hostile(`liar ${index}`).answer = (_from, body) => lies[name]!(truth)(body);
    }
    const light = await network.light();
    const outcome = await resolve(light).catch((error: unknown) => {
      expect(error).toBeInstanceOf(LightNodeError);
      return (error as LightNodeError).code;
    });
    if (typeof outcome === 'string') expect(outcome).toBe('no-usable-answers');
    else if (name === 'an old record')
      expect(outcome.record?.primaryFactsUrl).toBe('https://example.org/lied-about');
    else expect(outcome).toMatchObject({ status: 'not-found', record: null, holders: 0 });
  });

  it('keeps the newer record that it knows when all that are left show an old one', async () => {
    const peers = await honest();
    const light = await network.light();
    await resolve(light);
    for (const peer of peers) network.down(peer);
    for (let index = 0; index < 3; index++) {
      network.hostile(`liar ${index}`).answer = (_from, body) => lies['an old record']!(truth)(body);
    }
    network.rejoin(light);
    const { record } = await resolve(light);
    expect(record?.primaryFactsUrl).toBe('https://example.org/current');
  });

  it('asks whom it meets while those that it knew are silent', async () => {
    await honest();
    const silent = [0, 1, 2].map((index) => network.hostile(`silent ${index}`));
    const light = await network.light({}, silent);
    const call = light.node.resolve(current.agentId);
    await network.clock.advance(1_000);
    network.rejoin(light);
    await network.clock.advance(1_000);
    expect((await call).record?.primaryFactsUrl).toBe('https://example.org/current');
  });

  it('finds the other holders through the one that it knows, beside silent ones', async () => {
    const [known] = await honest();
    const silent = [0, 1].map((index) => network.hostile(`silent ${index}`));
    const light = await network.light({}, [known!, ...silent]);
    const call = light.node.resolve(current.agentId);
    await network.clock.advance(2_000);
    expect((await call).holders).toBeGreaterThanOrEqual(3);
  });

  it('is stored by the honest ones where the others refuse, lie or are silent', async () => {
    await honest();
    for (const [index, name] of names.entries()) {
      network.hostile(`liar ${index}`).answer = (_from, body) => lies[name]!(truth)(body);
    }
    const light = await network.light();
    const result = await timed(
      light.node.publish(bundleOf(bornAgent('new', Math.floor(network.clock.nowMs() / 1000)))),
    );
    expect(result.acknowledgements).toBeGreaterThanOrEqual(honestNodes);
  });
});
