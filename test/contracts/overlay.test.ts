import { createTestNetwork } from '../adapters/libp2p/network.ts';
import { overlayContract } from './overlay-contract.ts';

overlayContract('libp2p', () => {
  const network = createTestNetwork();
  let bootstrap: readonly string[] = [];
  return {
    async join(handlers, mode) {
      const { host } = await network.start({
        bootstrap,
        mode,
        listen: mode === 'client' ? [] : ['/ip4/127.0.0.1/tcp/0'],
        overlayHandlers: handlers,
      });
      if (bootstrap.length === 0) bootstrap = host.addresses();
      return { overlay: host.overlay, leave: () => host.stop() };
    },
    close: () => network.stop(),
  };
});
