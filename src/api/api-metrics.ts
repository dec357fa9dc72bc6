/** What the API itself counts; /metrics shows it after the node's own. */
import { Counter, Registry } from 'prom-client';

export interface ApiMetrics {
  answered(route: string, status: number): void;
  /** A request that was refused, or failed, by the code of its problem. */
  refused(code: string): void;
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
  return {
    answered: (route, status) => requests.inc({ route, status }),
    refused: (code) => problems.inc({ code }),
    render: () => registry.metrics(),
  };
}
