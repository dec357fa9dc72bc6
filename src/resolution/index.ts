/** `weft/resolution`: from a name or an id to endpoints, and what an endpoint of an agent needs, for programs of one's own. */
export {
  createTokenMemory,
  type EndpointToken,
  type EndpointTokenContext,
  type TokenMemory,
  verifyEndpointToken,
} from './adaptive/endpoint-token.ts';
export { type LoadReport, signLoadReport } from './adaptive/load-report.ts';
export { createEndpointResolver } from './endpoint-resolver.ts';
export { createOverlaySource, createRegistrySource, type RegistryParts } from './index-sources.ts';
export { ResolutionError, type ResolutionErrorCode, traceOf } from './resolution-error.ts';
export { createResolutionPorts, type ResolutionParts } from './resolution-ports.ts';
export type {
  EndpointAnswer,
  EndpointClass,
  EndpointPath,
  EndpointRequest,
  EndpointResolver,
  IndexSource,
  LiveEndpoint,
  NamedAgent,
  ResolutionPorts,
  TraceStep,
  TrustVerdict,
} from './resolution-types.ts';
