/** A light node in a page: joins by the `bootstrap` of the query, registers an agent, watches others. */
import { createAgentKeys, createLightNode, formatAgentId } from 'weft/light';

const element = (selector) => document.querySelector(selector);
const bootstrap = new URLSearchParams(location.search).getAll('bootstrap').flatMap((one) => one.split(','));

/** What went wrong, in words, until the next thing goes right. */
async function attempt(action) {
  const problem = element('#problem');
  try {
    await action();
    problem.hidden = true;
  } catch (error) {
    problem.textContent = error instanceof Error ? error.message : String(error);
    problem.hidden = false;
  }
}

function showNetwork(state, words) {
  element('#network').dataset.state = state;
  element('#network b').textContent = words;
  for (const button of document.querySelectorAll('button')) button.disabled = state !== 'connected';
}

function onSubmit(selector, action) {
  element(selector).addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(() => action(new FormData(event.target)));
  });
}

async function watch(node, agent) {
  const item = document.createElement('li');
  item.append(document.createElement('b'), document.createElement('code'), document.createElement('small'));
  const [badge, id, detail] = item.children;

  async function show(news) {
    const { status, record } = await node.resolve(agent);
    badge.textContent = status;
    badge.dataset.status = status;
    detail.textContent = [record?.primaryFactsUrl ?? 'no record', news].filter(Boolean).join(' · ');
  }

  await show('');
  id.textContent = agent;
  element('#watched').prepend(item);
  for await (const { change } of node.watch(agent)) {
    await show(`${change} at ${new Date().toLocaleTimeString()}`);
  }
}

await attempt(async () => {
  if (bootstrap.length === 0)
    throw new Error('Say where the network is: ?bootstrap=<a /ws address of a full node>');
  const node = await createLightNode({ bootstrap });
  element('#peer').textContent = node.peer.slice(-8);
  node.events.on('connected', () => showNetwork('connected', 'connected'));
  node.events.on('offline', () => showNetwork('offline', 'offline, dialling'));
  addEventListener('pagehide', () => node.stop());

  onSubmit('#register', async (fields) => {
    const draft = { primaryFactsUrl: fields.get('url') };
    const { agentId } = await node.register(draft, createAgentKeys(), { acknowledgements: 1 });
    element('#own code').textContent = formatAgentId(agentId);
    element('#own').hidden = false;
  });
  onSubmit('#watch', (fields) => watch(node, fields.get('agent').trim()));

  await node.start();
});
