/** The example entry of the paper, "Beyond DNS: Unlocking the Internet of AI Agents", its Table 3. */

/** The example's fields, with the paper's names and values. */
export const paperExample = {
  agent_id: 'nanda:550e8400-e29b-41d4-a716-4466554400',
  agent_name: 'urn:agent:salesforce:starbucks',
  primary_facts_url: 'https://TranslationAssistant.salesforce.com/.agent-facts',
  private_facts_url: 'https://agentfactshost.com/550e8400-e29b-41d4-a716',
  adaptive_resolver_url: 'https://resolver.salesforce.com/dispatch/translation',
  /** One hour. */
  ttl: 3600,
} as const;
