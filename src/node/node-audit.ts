/**
 * The audit log on the ports of a node: what its driver accepts goes into the queue beside the agents; the tree, its
 * checkpoints and the exchange with other nodes are loaded when there is something to do.
 */
import { createNativeSigner } from '../adapters/native/native-signer.ts';
import { isLogRequest } from '../audit/exchange/log-message.ts';
import { openLogQueue } from '../audit/log/log-queue.ts';
import type { NodeLog } from '../audit/node-log.ts';
import { encodeFailure } from '../core/overlay/message.ts';
import type { AcceptedRow } from '../driver/kept-entries.ts';
import type { Overlay } from '../ports/overlay.ts';
import type { LoadedAudit, NodeAuditParts } from './node-audit-types.ts';
import type { NodePorts } from './node-ports.ts';

export interface NodeAudit {
  /** For the driver. */
  readonly acceptedRow: AcceptedRow;
  /** The same overlay, with requests about logs answered here. */
  readonly overlay: Overlay;
  readonly log: NodeLog;
  start(): void;
  /** Waits for what runs. */
  stop(): Promise<void>;
}

const tickMs = 60_000;
/** Entries that wait for the tree before it is tended between two ticks. */
const waitingMax = 1024;

export async function openNodeAudit(
  ports: NodePorts,
  beneath: Overlay,
  parts: NodeAuditParts,
): Promise<NodeAudit> {
  const { clock, store } = ports;
  const logger = ports.log.child({ subsystem: 'audit' });
  const queue = await openLogQueue(store);
  let loading: Promise<LoadedAudit> | null = null;
  let cancelTick = (): void => {};
  let isStopped = false;
  let running: Promise<void> | null = null;

  function load(): Promise<LoadedAudit> {
    loading ??= import('./node-audit-parts.ts')
      .then(({ loadNodeAudit }) =>
        loadNodeAudit(queue, ports, {
          ...parts,
          request: beneath.request,
          signer: createNativeSigner(ports.identitySeed),
        }),
      )
      .catch((error: unknown) => {
        loading = null;
        throw error;
      });
    return loading;
  }

  /** One at a time; what fails is said and tried again with the next. */
  function run(task: (loaded: LoadedAudit) => Promise<unknown>): void {
    if (isStopped || running !== null) return;
    running = load()
      .then(task)
      .then(() => undefined)
      .catch((error: unknown) => {
        parts.counted('log_rounds', 'failed', 1);
        logger.warn({ error }, 'the audit log could not be tended; this is tried again');
      })
      .finally(() => {
        running = null;
      });
  }

  function schedule(afterMs: number): void {
    cancelTick = clock.schedule(afterMs, () => {
      run((loaded) => loaded.tick());
      schedule(tickMs);
    });
  }

  /** Nodes that are started together do not beat together. */
  function start(): void {
    schedule(tickMs * (0.5 + ports.entropy.randomBytes(1)[0]! / 512));
  }

  async function answer(peer: string, body: Uint8Array): Promise<Uint8Array> {
    try {
      return await (await load()).exchange.answer(peer, body);
    } catch {
      return encodeFailure('store-failed');
    }
  }

  return {
    acceptedRow(accepted, nowSeconds) {
      if (queue.length >= waitingMax) run(({ log }) => log.seal());
      return queue.row(accepted, nowSeconds);
    },
    overlay: {
      get self() {
        return beneath.self;
      },
      request: beneath.request,
      meet: beneath.meet,
      push: beneath.push,
      stop: beneath.stop,
      start: (handlers) =>
        beneath.start({
          ...handlers,
          requestReceived: (peer, body) =>
            isLogRequest(body) ? answer(peer, body) : handlers.requestReceived(peer, body),
        }),
    },
    log: {
      checkpoint: async () => (await load()).surface.checkpoint(),
      tile: async (place) => (await load()).surface.tile(place),
      entries: async (from, count) => (await load()).surface.entries(from, count),
      prove: async (agentId) => (await load()).surface.prove(agentId),
      proveOf: async (peer, agentId) => (await load()).surface.proveOf(peer, agentId),
      continuation: async (older) => (await load()).surface.continuation(older),
      knownLogs: async () => (await load()).surface.knownLogs(),
      look: async (peer) => (await load()).surface.look(peer),
    },
    start,
    async stop() {
      isStopped = true;
      cancelTick();
      await running;
    },
  };
}
