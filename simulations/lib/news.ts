/** News that every node is to hear of, such as the end of an agent: who heard when, counted once each. */
import { createDistribution, type Distribution } from './distribution.ts';
import { createNodeBytes, type NodeBytes } from './node-bytes.ts';
import { share } from './share.ts';

export interface News {
  /** It is told from now on. */
  told(key: string): void;
  /**
   * A node hears of it; again, if it lost what was not durable yet or its disk was full.
   * @param atMs now when left out.
   */
  heard(key: string, node: number, atMs?: number): void;
  has(key: string): boolean;
  readonly count: number;
  /** Pairs of news and a node that heard. */
  readonly pairs: number;
  /** Milliseconds from the telling to each hearing. */
  readonly ms: Distribution;
  /** The longest to a hearing, from the telling or from the end of the last fault, whichever is later; null when nobody heard. */
  readonly maxAfterFaultsMs: number | null;
  /** Share of all pairs of news and a node that heard within so many milliseconds; null without news. */
  shareWithin(limitMs: number, nodes: number): number | null;
}

/** @param faultsOverMs when the last fault ends; left out: there is none. */
export function createNews(nowMs: () => number, faultsOverMs = (): number => 0): News {
  const newsByKey = new Map<string, { readonly timeMs: number; readonly heardBy: NodeBytes }>();
  const ms = createDistribution();
  let pairs = 0;
  let lateMs = 0;
  return {
    told(key) {
      newsByKey.set(key, { timeMs: nowMs(), heardBy: createNodeBytes() });
    },
    heard(key, node, atMs = nowMs()) {
      const news = newsByKey.get(key);
      if (news === undefined || news.heardBy.get(node) === 1) return;
      news.heardBy.set(node, 1);
      pairs++;
      ms.add(Math.max(0, atMs - news.timeMs));
      lateMs = Math.max(lateMs, atMs - Math.max(news.timeMs, faultsOverMs()));
    },
    has: (key) => newsByKey.has(key),
    get count() {
      return newsByKey.size;
    },
    get pairs() {
      return pairs;
    },
    ms,
    get maxAfterFaultsMs() {
      return pairs === 0 ? null : lateMs;
    },
    shareWithin(limitMs, nodes) {
      return share(Math.round(ms.shareWithin(limitMs) * pairs), newsByKey.size * nodes);
    },
  };
}
