import { mkdtempSync } from 'node:fs'; import { tmpdir } from 'node:os'; import { join } from 'node:path'; import { randomBytes } from 'node:crypto';
import { createHost } from '../src/adapters/libp2p/create-host.ts';
import { createLevelStore } from '../src/adapters/level/level-store.ts';
import { createMemoryStore } from '../src/adapters/memory/memory-store.ts';
import { createSodiumVerifier } from '../src/adapters/native/sodium-verifier.ts';
import { createSystemClock } from '../src/adapters/system/clock.ts';
import { gossipTopics } from '../src/core/gossip/announcement.ts';
import { createPeer } from '../src/core/peer/peer.ts';
import { peerConfigDefault } from '../src/core/peer/peer-config.ts';
import { createDriver } from '../src/driver/driver.ts';
import { encodeState } from '../src/core/record/agent-state.ts';
import { createBenchmarkAgent, secondsNow } from './lib/weft-records.ts';
const [,, n, store, K0, total] = process.argv; const N = Number(n), K = Number(K0 ?? 50);
const silent: any = { trace(){}, debug(){}, info(){}, warn(...a: any[]){ if(process.env.W) console.log(...a)}, error(...a: any[]){console.log('ERR',...a)}, child(){return silent} };
const topics = gossipTopics('/weft'); const dir = mkdtempSync(join(tmpdir(),'wn-'));
const counts = new Map<string, number>();
async function make(i: number|string, boot: readonly string[], client = false) {
  const host = await createHost({ privateKey: randomBytes(32), listen: client?[]:['/ip4/127.0.0.1/tcp/0'], bootstrap: boot, profile:'private', protocolPrefix:'/weft', mode: client?'client':'full', topics, log: silent });
  const peer = createPeer({ config: {...peerConfigDefault, role: client?'client':'full', putsPerSecond:1e6, putsBurst:1e6, findsPerSecond:1e6, findsBurst:1e6}, self:{peer:host.peer, addresses:[]}, seed: randomBytes(16)});
  const st = store==='mem'||client ? createMemoryStore() : await createLevelStore({directory: join(dir, String(i)), ballastBytes:0});
  const driver = createDriver(peer, {overlay:host.overlay, gossip:host.gossip, clock:createSystemClock(), soon:setImmediate, store: st, verifier:createSodiumVerifier({workers:0}), log:silent}, {changed(){}, counted(m,l,v){counts.set(m+' '+l,(counts.get(m+' '+l)??0)+v)}, alarmed(){}});
  await driver.start(topics); await host.start(); return {host, driver, peer};
}
const base = process.memoryUsage.rss(); const t0=performance.now(); const c0=process.cpuUsage();
const nodes: any[] = [await make(0, [])]; const boot = nodes[0].host.addresses();
while (nodes.length<N) nodes.push(await make(nodes.length, boot));
const reader = await make('r', boot, true);
for (const x of [...nodes, reader]) { while (x.host.network().knownPeers < Math.min(N-1,20)) await new Promise(r=>setTimeout(r,20)); }
console.log('start', performance.now()-t0, 'cpu', process.cpuUsage(c0).user/1e6);
await new Promise(r=>setTimeout(r,4000)); const ci=process.cpuUsage(); await new Promise(r=>setTimeout(r,3000)); console.log('idle cpu', process.cpuUsage(ci).user/3e6, 'conns', nodes.map(x=>x.host.network().connections).join(' '));
(globalThis as any).gc?.(); console.log('MB/node', (process.memoryUsage.rss()-base)/N/1e6);
const T = Number(total ?? 800); const agents = Array.from({length:K+T},(_,i)=>createBenchmarkAgent(1,i,secondsNow()).state);
const q=(a:number[],p:number)=>a.sort((x,y)=>x-y)[Math.floor(a.length*p)];
async function put(i:number){ const r = await nodes[1].driver.publish(encodeState(agents[i]!), {timeoutMs:15000, acknowledgements: Math.min(5,N-1)}); if(r.status!=='stored') throw new Error(JSON.stringify({...r,state:null})); }
async function get(i:number){ const r = await reader.driver.resolve(agents[i]!.agentId,{fresh:false,timeoutMs:10000}); if(r.status!=='ok') throw new Error(r.status+' '+r.responders.length+' '+r.holders); if (r.responders.length<3) throw new Error('resp '+r.responders.length); }
for (const [nm,f] of [['put',put],['get',get]] as const) { const l:number[]=[]; const c=process.cpuUsage(); const tt=performance.now(); for(let i=0;i<K;i++){const t=performance.now(); try{await f(i);}catch(e){console.log(nm,i,String(e))} l.push(performance.now()-t);} const w=performance.now()-tt; console.log(nm,'p50',q(l,.5),'p90',q(l,.9),'cpu', process.cpuUsage(c).user/1e3/w, process.cpuUsage(c).system/1e3/w);}
const { Session } = await import('node:inspector/promises'); const s = new Session(); s.connect(); await s.post('Profiler.enable');
for (const [nm,f] of [['put',put],['get',get]] as const) { await s.post('Profiler.start'); let next=K, ok=0,bad=0; const c=process.cpuUsage(); const t=performance.now(); await Promise.all(Array.from({length:64},async()=>{while(next<K+T){const i=next++; try{await f(i);ok++}catch(e){bad++; if(bad<4)console.log(String(e))}}})); const w=performance.now()-t; console.log(nm+'/s', ok/w*1000,'ok',ok,'bad',bad,'cpu',process.cpuUsage(c).user/1e3/w, process.cpuUsage(c).system/1e3/w); const {profile}=await s.post('Profiler.stop') as any; (await import('node:fs')).writeFileSync(`/tmp/prof-${nm}.cpuprofile`, JSON.stringify(profile)); }
console.log([...counts].filter(([k])=>!k.startsWith('requests ')).map(([k,v])=>k+'='+v).join(', ')); console.log([...counts].filter(([k])=>k.startsWith('requests')).map(([k,v])=>k+'='+v).join(', '));
process.exit();
