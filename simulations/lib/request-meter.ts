/** How many requests each peer has under way to each other, and the most that there were of one pair. */
export interface RequestMeter {
  begun(from: number, to: number): void;
  ended(from: number, to: number): void;
  /** Of those under way to that node: the most of one peer at one time, so far. */
  mostOfOnePeer(to: number): number;
}

export function createRequestMeter(nodes: number): RequestMeter {
  const underWay = new Map<number, number>();
  const most = new Uint32Array(nodes);
  return {
    begun(from, to) {
      const pair = from * nodes + to;
      const count = (underWay.get(pair) ?? 0) + 1;
      underWay.set(pair, count);
      if (count > most[to]!) most[to] = count;
    },
    ended(from, to) {
      const pair = from * nodes + to;
      const count = underWay.get(pair)! - 1;
      if (count === 0) underWay.delete(pair);
      else underWay.set(pair, count);
    },
    mostOfOnePeer: (to) => most[to]!,
  };
}
