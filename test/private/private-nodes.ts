/** Live nodes whose overlays are listened to, and may lie: what each peer is asked and what it answers, as bytes. */
import type { Host } from '../../src/adapters/libp2p/host-types.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { contentMessages, messageType } from '../../src/core/overlay/message-type.ts';
import type { Overlay } from '../../src/ports/overlay.ts';
import { createLiveNetwork, eventually, type LiveNetwork, type LiveNode } from '../helpers/live-nodes.ts';

/** A request as its receiver sees it, with its answer. */
export interface Heard {
  readonly by: string;
  readonly from: string;
  readonly type: number;
  readonly request: Uint8Array;
  readonly answer: Uint8Array;
}

/** What a relay does instead of its work; null: its work. */
export type Trick = (heard: {
  readonly by: string;
  readonly from: string;
  readonly request: Uint8Array;
  readonly work: () => Promise<Uint8Array>;
}) => Promise<Uint8Array> | null;

export interface PrivateNetwork {
  readonly network: LiveNetwork;
  /** Full nodes, each a storing peer of everything. */
  readonly nodes: readonly LiveNode[];
  /** A client, which stores nothing and so has to ask for all that it learns. */
  readonly asker: LiveNode;
  readonly heard: Heard[];
  /** From now on; left out: all are honest. */
  trick(trick?: Trick): void;
  ofType(type: keyof typeof contentMessages): readonly Heard[];
  /** Nobody waits for an answer any more: what a search asked beside is over too. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** Of messages about content and the private path. */
export const contentTypes: ReadonlySet<number> = new Set(Object.values(contentMessages));

export async function startPrivateNetwork(count: number): Promise<PrivateNetwork> {
  const network = createLiveNetwork();
  const heard: Heard[] = [];
  let trickNow: Trick = () => null;
  let underWay = 0;

  function listened(host: Host): Host {
    const { overlay } = host;
    const tapped: Overlay = {
      get self() {
        return overlay.self;
      },
      start: (handlers) =>
        overlay.start({
          ...handlers,
          async requestReceived(from, request) {
            const work = (): Promise<Uint8Array> => handlers.requestReceived(from, request);
            const given = { by: host.peer, from, request, work };
            const answer = await (trickNow(given) ?? work());
            heard.push({ by: host.peer, from, type: messageType(request), request, answer });
            return answer;
          },
        }),
      async request(to, body, options) {
        const isOurs = contentTypes.has(messageType(body));
        if (isOurs) underWay++;
        try {
          return await overlay.request(to, body, options);
        } finally {
          if (isOurs) underWay--;
        }
      },
      meet: (to) => overlay.meet(to),
      push: (to, body) => overlay.push(to, body),
      stop: () => overlay.stop(),
    };
    return { ...host, overlay: tapped };
  }

  const nodes = await network.startMany(count, { wrapHost: listened });
  const asker = await network.start('the asker', {
    bootstrap: nodes.map(({ address }) => address),
    settings: { mode: 'client' },
    wrapHost: listened,
  });
  await eventually(async () => (await asker.metric('weft_routed_peers')) >= count, {
    what: () => 'that the asker knows all nodes',
  });
  return {
    network,
    nodes,
    asker,
    heard,
    trick(trick = () => null) {
      trickNow = trick;
    },
    ofType: (type) => heard.filter((one) => one.type === contentMessages[type]),
    idle: () => eventually(() => underWay === 0, { what: () => `the end of ${underWay} requests` }),
    stop: () => network.stop(),
  };
}

/** An agent whose record enough peers hold, so that what comes next is not its publication. */
export async function settledAgent(node: LiveNode, others: readonly LiveNode[]): Promise<Uint8Array> {
  const { agentId } = await node.node.agents.register({ primaryFactsUrl: 'https://agent.example/facts' });
  await eventually(
    async () => {
      const found = await Promise.all(others.map((other) => other.node.resolve(agentId, { fresh: true })));
      return found.every(({ status, holders }) => status === 'ok' && holders >= 3);
    },
    { what: () => `${formatAgentId(agentId)} at its storing peers` },
  );
  return agentId;
}

/** True when one holds the bytes of the other anywhere. */
export function contains(whole: Uint8Array, part: Uint8Array): boolean {
  return Buffer.from(whole).includes(Buffer.from(part));
}
