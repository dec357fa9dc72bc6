/** Gathers what a lane's nodes do, for the thread of the run. */
import type { Change } from '../node-shell.ts';
import type { WorldListeners } from '../world.ts';
import type { LaneNews } from './lane-protocol.ts';

/** Metrics whose every count the measures and the invariants look at; of the others they want the sums. */
const toldMetrics: ReadonlySet<string> = new Set(['lookup_hops', 'lookup_requests', 'requests_refused']);

export interface LaneReporter extends Required<WorldListeners> {
  result(callId: number, result: LaneNews['results'][number]['result']): void;
  /** Since the last call. */
  take(): LaneNews;
}

export function createReporter(nowMs: () => number): LaneReporter {
  let timesMs: number[] = [];
  let who: number[] = [];
  let kinds: Change[] = [];
  let results: LaneNews['results'][number][] = [];
  let alarms: LaneNews['alarms'][number][] = [];
  let counted: LaneNews['counted'][number][] = [];
  /** Thousands of nodes accept the same change. */
  const kindsByState = new Map<Change['state'], number[]>();

  function kindOf(change: Change): number {
    let places = kindsByState.get(change.state);
    if (places === undefined) {
      places = [];
      kindsByState.set(change.state, places);
    }
    const isSame = (place: number): boolean =>
      kinds[place]!.change === change.change && kinds[place]!.source === change.source;
    let place = places.find(isSame);
    if (place === undefined) {
      place = kinds.push(change) - 1;
      places.push(place);
    }
    return place;
  }

  return {
    changed(node, change) {
      timesMs.push(nowMs());
      who.push(node.index, kindOf(change));
    },
    alarmed: (node, alarm) => void alarms.push({ timeMs: nowMs(), node: node.index, alarm }),
    counted(metric, value, node, label) {
      if (toldMetrics.has(metric)) counted.push({ timeMs: nowMs(), node: node.index, metric, label, value });
    },
    result: (callId, result) => void results.push({ timeMs: nowMs(), callId, result }),
    take() {
      const changes = { timesMs: Float64Array.from(timesMs), who: Int32Array.from(who), kinds };
      const news = { changes, results, alarms, counted };
      [timesMs, who, kinds, results, alarms, counted] = [[], [], [], [], [], []];
      kindsByState.clear();
      return news;
    },
  };
}
