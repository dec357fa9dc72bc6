/** The tool that writes: a new agent in the custody of the daemon. */
import { complaintOf, type DaemonClient, type JsonObject } from './daemon-client.ts';
import type { RegisterInput } from './tool-schemas.ts';

interface RegisteredJson {
  readonly agentId: string;
  readonly publish: { readonly acknowledgements: number; readonly asked: number };
  readonly expiresAt: string | null;
}

/** Registers, then announces what the agent can do; what stands after the first is told in any case. */
export async function registerAgent(
  client: DaemonClient,
  { capabilities = [], ...record }: RegisterInput,
  signal: AbortSignal,
): Promise<JsonObject> {
  const made = await client.call('POST', '/v1/agents', { body: record, signal });
  const { agentId, publish, expiresAt } = made as unknown as RegisteredJson;
  const announced = await announce(client, agentId, capabilities, signal);
  return {
    agentId,
    ...announced,
    peersHolding: publish.acknowledgements,
    peersAsked: publish.asked,
    expiresAt,
  };
}

/** A failure here is no failure of the call: whoever tried again would make another agent. */
async function announce(
  client: DaemonClient,
  agentId: string,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly capabilities: unknown; readonly warning: string | null }> {
  if (tags.length === 0) return { capabilities: [], warning: null };
  try {
    const path = `/v1/agents/${agentId}/capabilities`;
    const answer = await client.call('PUT', path, { body: { tags }, signal });
    return { capabilities: answer['tags'], warning: null };
  } catch (error) {
    const warning = complaintOf(error);
    if (warning === null) throw error;
    return { capabilities: [], warning };
  }
}
