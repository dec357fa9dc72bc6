/** What the API itself counts; /metrics shows it after the node's own. */

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ClosedConnection } from './connection-bound.ts';

export interface ApiMetrics {
  /**
   * A request came to an end.
   * @param route such as `GET /v1/agents/:id`; `none` for what is no route, so that a caller makes no series
   * @param seconds until the last byte was handed over; null for a stream, which begins only
   */
  answered(route: string, status: number, seconds: number | null): void;
  /** A request that was refused, or failed, by the code of its problem. */
  refused(code: string): void;
  /** A reader of changes that did not read. */
  streamDropped(): void;
  /** A connection that was closed to stay within the bounds. */
  connectionClosed(which: ClosedConnection): void;
  /** What tells how many connections are open; of several servers, all count. */
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
  const durations = createDurations(registers);
  // As many as routes and statuses. Looked up here, since the package writes the labels anew at each count.
  const requestsByKey = new Map<string, { inc(): void }>();
  const durationsByRoute = new Map<string, { observe(seconds: number): void }>();
  const problems = new Counter({
    name: 'weft_api_problems_total',
    help: 'Requests to the control API that were refused or failed, by code',
    labelNames: ['code'],
    registers,
  });
  const closed = new Counter({
    name: 'weft_api_connections_closed_total',
    help: 'Connections closed because there were too many (idle, new), or because they asked and did not read (flooding)',
    labelNames: ['which'],
    registers,
  });
  const openConnections: (() => number)[] = [];
  new Gauge({
    name: 'weft_api_connections',
    help: 'Open connections to the control API',
    registers,
    collect() {
      this.set(openConnections.reduce((sum, count) => sum + count(), 0));
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
    answered(route, status, seconds) {
      once(requestsByKey, `${status} ${route}`, () => requests.labels({ route, status })).inc();
      if (seconds !== null) once(durationsByRoute, route, () => durations.labels({ route })).observe(seconds);
    },
    refused: (code) => problems.inc({ code }),
    streamDropped: () => dropped.inc(),
    connectionClosed: (which) => closed.inc({ which }),
    countConnections: (count) => void openConnections.push(count),
    countStreams(count) {
      openStreams = count;
    },
    render: () => registry.metrics(),
  };
}

function once<Value>(valueByKey: Map<string, Value>, key: string, make: () => Value): Value {
  const known = valueByKey.get(key);
  if (known !== undefined) return known;
  const value = make();
  valueByKey.set(key, value);
  return value;
}

/** The same metrics for another interface of the node: its routes have its name before them. */
export function metricsOfInterface(metrics: ApiMetrics, name: string): ApiMetrics {
  return {
    ...metrics,
    answered: (route, status, seconds) => metrics.answered(`${name} ${route}`, status, seconds),
  };
}

function createDurations(registers: Registry[]): Histogram<'route'> {
  return new Histogram({
    name: 'weft_api_request_duration_seconds',
    help: 'Time of a request to the control API, from its headers to its last byte, by route',
    labelNames: ['route'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
}
