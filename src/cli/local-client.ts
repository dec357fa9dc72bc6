/** The control API within this process: the same calls, over keys that the caller holds. */
import type { Problem } from '../api/api-error.ts';
import { createAgentApi } from '../api/server.ts';
import type { JsonObject } from '../api/views.ts';
import type { WeftNode } from '../node/node-types.ts';
import { ControlError } from './cli-error.ts';
import type { ControlClient } from './control-client.ts';

/** Calls about agents, answered here. What nobody planned is thrown as it is. */
export function createLocalClient(agents: Pick<WeftNode, 'agents' | 'resolve'>): Pick<ControlClient, 'call'> {
  let defect: unknown;
  const api = createAgentApi(agents, (error) => {
    defect = error;
  });
  return {
    async call(method, path, body) {
      defect = undefined;
      const response = await api.inject({ method, url: path, ...(body !== undefined && { payload: body }) });
      if (defect !== undefined) throw defect;
      if (response.statusCode >= 400) throw new ControlError(response.json<Problem>());
      return response.json<JsonObject>();
    },
  };
}
