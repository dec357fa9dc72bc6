/** What the API itself counts; /metrics shows it after the node's own. */
import { Counter, Gauge, Registry } from 'prom-client';

export interface ApiMetrics {
  answered(route: string, status: number): void;
  /** A request that was refused, or failed, by the code of its problem. */
  refused(code: string): void;
  /** A reader of changes that did not read. */
  streamDropped(): void;
  /** A connection that went because there were too many: one that was idle, or the new one. */
  connectionClosed(which: 'idle' | 'new'): void;
  /** What tells how many connections are open. */
  countConnections(count: () => number): void;
  /** What tells how many streams are open. */
  countStreams(count: () => number): void;
  /** Prometheus text exposition format. */
  render(): Promise<string>;
}

export function createApiMetrics(): ApiMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'weft_api_requests_total',
    help: 'Requests to the control API, by route and status',
    labelNames: ['route', 'status'],
    registers,
  });
  const problems = new Counter({
    name: 'weft_api_problems_total',
    help: 'Requests to the control API that were refused or failed, by code',
    labelNames: ['code'],
    registers,
  });
  const closed = new Counter({
    name: 'weft_api_connections_closed_total',
    help: 'Connections closed because there were too many: idle ones, new ones',
    labelNames: ['which'],
    registers,
  });
  let openConnections = (): number => 0;
  new Gauge({
    name: 'weft_api_connections',
    help: 'Open connections to the control API',
    registers,
    collect() {
      this.set(openConnections());
    },
  });
  let openStreams = (): number => 0;
  const dropped = new Counter({
    name: 'weft_api_streams_dropped_total',
    help: 'Streams of changes that were ended because their reader did not read',
    registers,
  });
  new Gauge({
    name: 'weft_api_streams',
    help: 'Open streams of changes',
    registers,
    collect() {
      this.set(openStreams());
    },
  });
  return {
    answered: (route, status) => requests.inc({ route, status }),
    refused: (code) => problems.inc({ code }),
    streamDropped: () => dropped.inc(),
    connectionClosed: (which) => closed.inc({ which }),
    countConnections(count) {
      openConnections = count;
    },
    countStreams(count) {
      openStreams = count;
    },
    render: () => registry.metrics(),
  };
}
