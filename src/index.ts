/** `weft`: a full node in a program of one's own. */
export { ConfigError } from './config/config-error.ts';
export type { NodeConfig } from './config/config-types.ts';
export { type ConfigSources, loadConfig } from './config/load-config.ts';
export { formatAgentId, parseAgentId } from './core/identity/agent-id.ts';
export type { PublishResult, Resolution, ResolveStatus } from './core/peer/effects.ts';
export { createNode } from './node/create-node.ts';
export type { NodePorts } from './node/node-ports.ts';
export {
  type AgentChange,
  type AgentResult,
  type AgentService,
  type AnnouncedCapabilities,
  type CapabilityQuery,
  type CapabilityService,
  type FoundCapabilities,
  type FoundCapability,
  NodeError,
  type NodeErrorCode,
  type NodeStatus,
  type PeerStatus,
  type PublishOptions,
  type RecordDraft,
  type ResolveOptions,
  type WeftNode,
} from './node/node-types.ts';
export type {
  AgentQuery,
  QueryAgents,
  QueryAnswer,
  QueryResult,
  TrustLevel,
} from './query/query-types.ts';
export { ResolutionError, type ResolutionErrorCode, traceOf } from './resolution/resolution-error.ts';
export type {
  EndpointAnswer,
  EndpointPath,
  EndpointRequest,
  LiveEndpoint,
  TraceStep,
} from './resolution/resolution-types.ts';
