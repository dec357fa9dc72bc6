/** `weft/core`: the protocol itself, pure. Runs anywhere; knows no clock, socket or disk. */
export { delegateAgent, revokeDelegation } from './author/grant.ts';
export {
  applyChanges,
  type RecordChanges,
  type RecordValues,
  recordValuesDefault,
  recordValuesOf,
} from './author/record-values.ts';
export { refenceAgent } from './author/refence.ts';
export { registerAgent } from './author/register.ts';
export { recoverAgent, rotateAgent } from './author/rekey.ts';
export { grantBelow, revokeBelow, revokeCredential } from './author/subgrant.ts';
export { tombstoneAgent } from './author/tombstone.ts';
export { updateAgent } from './author/update.ts';
export { controllerOf, delegateOf, type Writer } from './author/writer.ts';
export { admitCapabilities, type CapabilityAdmission } from './capability/admit.ts';
export {
  type CapabilityAnnouncement,
  decodeCapabilities,
  signCapabilities,
} from './capability/announcement.ts';
export { parseTag, tagPoint, tagPrefixes } from './capability/tag.ts';
export {
  createSigner,
  isAdmissiblePublicKey,
  type SignatureCheck,
  type Signer,
  verifyAdmitted,
} from './ed25519.ts';
export { isProtocolError, ProtocolError, type ProtocolErrorCode } from './errors.ts';
export { decodeAnnouncement, encodeAnnouncements, gossipTopic, gossipTopics } from './gossip/announcement.ts';
export {
  type AgentId,
  agentIdFromKey,
  agentKey,
  formatAgentDid,
  formatAgentId,
  parseAgentId,
} from './identity/agent-id.ts';
export { type Delegation, decodeDelegation, type Right, rightBits } from './identity/delegation.ts';
export {
  createGrant,
  decodeGrant,
  formatGrant,
  type Grant,
  parseGrant,
} from './identity/delegation-grant.ts';
export {
  assertGrantHolds,
  chainStanding,
  type Standing,
  type TokenStanding,
} from './identity/delegation-standing.ts';
export { chooseLog, type KeyState, type KeyStatus } from './identity/fork-choice.ts';
export { inceptionAgentId, type KeyEvent, type KeyEventBody, keyEventCheck } from './identity/key-event.ts';
export { decodeKeyEvent } from './identity/key-event-codec.ts';
export { createInception, createRecovery, createRotation, createTombstone } from './identity/key-events.ts';
export type { ReasonCode } from './identity/reason-code.ts';
export { decodeRevocation, type Revocation } from './identity/revocation.ts';
export * as limits from './limits.ts';
export { admitName, type NameAdmission } from './name/admit.ts';
export { isDnsName, isNameLabel, namePoint } from './name/label.ts';
export {
  decodeNameRecord,
  type NameMeaning,
  type NamePolicy,
  type NameRecord,
  type NamespaceProfile,
  type NameTarget,
  signNameRecord,
} from './name/name-record.ts';
export type { ChangeKind, PeerEffect, PublishResult, Resolution, ResolveStatus } from './peer/effects.ts';
export type { GossipVerdict, PeerContact, PeerEvent } from './peer/events.ts';
export { createPeer, type Peer, type PeerSnapshot } from './peer/peer.ts';
export { type PeerConfig, peerConfigDefault } from './peer/peer-config.ts';
export { type Admission, admitBundle, agentIdOfBundle } from './record/admission.ts';
export { type AgentAddr, addrExpiresAt, agentAddrCheck } from './record/agent-addr.ts';
export { decodeAgentAddr, encodeAgentAddr } from './record/agent-addr-codec.ts';
export { type AgentState, encodeState, joinStates, stateDigest } from './record/agent-state.ts';
export type { Bundle } from './record/bundle.ts';
export { decodeBundle, encodeBundle } from './record/bundle-codec.ts';
export { ttlSeconds, validitySeconds } from './record/durations.ts';
export { materialise } from './record/merge.ts';
export type { Operation } from './record/operation.ts';
export { decodeOperation } from './record/operation-codec.ts';
export { blindDigest, type Pointer, urlDigest } from './record/pointer.ts';
export { createRandom, type Random } from './rng.ts';
