/** Which message a body of the record protocol is, without decoding it. Source: docs/protocol.md, Appendix A. */

/** Messages about content and the private path, which do not go to the peer itself. */
export const contentMessages = { hold: 10, fetch: 11, relay: 12, sealed: 13 } as const;

/** Its number; -1 for what begins like no message. */
export function messageType(body: Uint8Array): number {
  const [head = 0, type = -1] = body;
  return head >= 0x81 && head <= 0x85 && type < 24 ? type : -1;
}
