/**
 * The agent of Table 3 in "Beyond DNS: Unlocking the Internet of AI Agents via the NANDA Index and Verified AgentFacts"
 * (arXiv 2507.14263): the example that must fit into 120 bytes, signature included.
 */
export const table3 = {
  agent_id: 'nanda:550e8400-e29b-41d4-a716-4466554400',
  agent_name: 'urn:agent:salesforce:starbucks',
  primary_facts_url: 'https://TranslationAssistant.salesforce.com/.agent-facts',
  private_facts_url: 'https://agentfactshost.com/550e8400-e29b-41d4-a716',
  adaptive_resolver_url: 'https://resolver.salesforce.com/dispatch/translation',
  ttl: 3600,
} as const;

/** Size of the paper's form: JSON with a real signature, base64. */
export function table3JsonBytes(signature: Uint8Array): number {
  return JSON.stringify({ ...table3, signature: Buffer.from(signature).toString('base64') }).length;
}
