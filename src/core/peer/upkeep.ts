/**
 * What a peer does by itself: forgets what died, hands records to those who are closer now, reconciles with neighbours
 * at start, when one appears and every few minutes. Source: docs/protocol.md §4 (refresh and hand-over), §5, §6.
 */

import { hasAuthority } from '../gossip/announcement.ts';
import { agentIdFromKey } from '../identity/agent-id.ts';
import { compareDistance, kadIdOfAgent, kadIdOfPeer } from '../overlay/distance.ts';
import type { FindPlaces } from '../place/place-finder.ts';
import { expireState } from '../record/agent-state.ts';
import type { WalkedRows } from './agent-index.ts';
import type { AgentTable } from './agent-table.ts';
import type { PeerContext } from './context.ts';
import type { PeerContact } from './events.ts';
import { createGreetings } from './greetings.ts';
import type { Outbox } from './outbox.ts';
import type { Synchroniser } from './synchroniser.ts';

const sweepIntervalMs = 60_000;
/** Rows per turn of a long walk, so that a large table never blocks a node. */
const rowsPerTurn = 2_000;
const neighboursPerSync = 2;
/** Records that are brought to those who are closer at one time. */
const handedOnMax = 16;
const neighboursAtStop = 3;
const stopTimeoutMs = 8_000;

export interface Upkeep {
  start(): void;
  neighbourAdded(contact: PeerContact): void;
  /** Gives what this peer holds to a few neighbours, then calls back; bounded by 8 s. */
  handOver(onDone: () => void): void;
}

export function createUpkeep(
  context: PeerContext,
  parts: {
    readonly table: AgentTable;
    readonly outbox: Outbox;
    readonly synchroniser: Synchroniser;
    readonly findPlaces: FindPlaces;
  },
): Upkeep {
  const { table, outbox, synchroniser, findPlaces } = parts;
  const { config, routing, timers, random } = context;
  const greetings = createGreetings(context, synchroniser);
  /** Records that others are closer to, found on the last walk; bounded by the table. */
  const toHandOn: string[] = [];
  let handedOn = 0;

  function every(intervalMs: number, task: () => void): void {
    // Spread over the interval, so that a network started at once does not beat at once.
    const next = (): number => context.nowMs() + intervalMs * (0.75 + random.next() / 2);
    const run = (): void => {
      task();
      timers.at(next(), run);
    };
    timers.at(next(), run);
  }

  /** Walks the rows a slice at a time. */
  function walk(which: () => WalkedRows, visit: (key: string) => void): void {
    const step = (end: number): void => {
      for (const key of table.keysBelow(end, rowsPerTurn, which())) visit(key);
      if (end > rowsPerTurn) timers.at(context.nowMs() + 1, () => step(end - rowsPerTurn));
    };
    step(table.size());
  }

  function sweep(key: string): void {
    table.load(key, (agent) => {
      if (agent === null) return;
      const state = expireState(agent.state, context.nowSeconds());
      context.count('records_expired', agent.state.addr === null ? 'agent' : 'record');
      if (agent.state.addr !== null) table.save(state, agent.isHeld && hasAuthority(state), () => {});
      else table.drop(key);
    });
  }

  function isOthers(key: string): boolean {
    const row = table.row(key);
    if (row === undefined || !row.isHeld || routing.size < config.replication + config.slack) return false;
    return !routing.isAmongClosest(kadIdOfAgent(agentIdFromKey(key)), config.replication + config.slack);
  }

  function handOnNext(): void {
    for (; handedOn < handedOnMax && toHandOn.length > 0; handedOn++) {
      handOn(toHandOn.pop()!, () => {
        handedOn--;
        handOnNext();
      });
    }
  }

  /** A record that others are closer to now goes to them; once w of them have it, this peer holds it no longer. */
  function handOn(key: string, onDone: () => void): void {
    const target = kadIdOfAgent(agentIdFromKey(key));
    findPlaces(target.bytes, (contacts) => {
      const closer = contacts.filter(
        ({ peer }) => compareDistance(target, kadIdOfPeer(peer), routing.self) < 0,
      );
      table.load(key, (agent) => {
        // Whom it found says more than its own table.
        if (agent === null || closer.length < config.replication) return onDone();
        let [acknowledgements, missing] = [0, closer.length];
        for (const contact of closer) {
          outbox.put(contact, agent.bundle, (answer) => {
            if (--missing === 0) onDone();
            if (answer === null || answer.status === 'refused') return;
            if (++acknowledgements === config.acknowledgements) letGo(key);
          });
        }
      });
    });
  }

  function letGo(key: string): void {
    context.count('records_handed_over', 'record');
    table.load(key, (agent) => {
      if (agent !== null) table.save(agent.state, false, () => {});
    });
  }

  return {
    start() {
      every(sweepIntervalMs, () => walk(() => ({ dueAt: context.nowSeconds() }), sweep));
      every(config.handOverIntervalMs, () => {
        if (toHandOn.length > 0) return;
        walk(
          () => 'held',
          (key) => {
            if (isOthers(key)) toHandOn.push(key);
            handOnNext();
          },
        );
      });
      if (config.role === 'client') return;
      every(config.syncIntervalMs, () => {
        for (const contact of random.pick(routing.peers(), neighboursPerSync)) synchroniser.start(contact);
      });
    },
    neighbourAdded(contact) {
      // What a client missed of the agents that it uses, its subscriptions find out; the rest is none of its business.
      if (config.role === 'full' && config.greetsNeighbours) greetings.add(contact);
    },
    handOver(onDone) {
      const neighbours = random.pick(routing.peers(), neighboursAtStop);
      let missing = neighbours.length;
      let isDone = false;
      const finish = (): void => {
        if (!isDone) onDone();
        isDone = true;
      };
      if (missing === 0) finish();
      timers.at(context.nowMs() + stopTimeoutMs, finish);
      for (const contact of neighbours) {
        synchroniser.start(contact, () => {
          if (--missing === 0) finish();
        });
      }
    },
  };
}
