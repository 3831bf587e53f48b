import { smallSpec, runSpec, loggedRun } from '#test/campaigns/targets/simulator/small-run.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
const lossless = { ...networkNamed('lan'), loss: 0 };
for (const [conf, pref] of [[15,11],[15,15],[17,11],[17,17],[18,11],[18,18]] as const) {
  let pairs=0, open=0;
  for (const seed of [1,2,3,4]) {
  const { parts, decisions, outcome } = loggedRun(smallSpec({ seed, network: lossless, consensus: { alphaPreference: pref, alphaConfidence: conf }, workload: { conflictShare: 0.5 } }));
  const fin = new Map<number, number>();
  for (const d of decisions) if (d.status===1) fin.set(d.serial, (fin.get(d.serial)??0)+1);
  const by = new Map<number, number[]>();
  parts.recorder.vertices.forEach((v, s) => { if (v.keys[0]!>0) by.set(v.keys[0]!, [...(by.get(v.keys[0]!)??[]), s]); });
  for (const r of by.values()) { pairs++; if (!r.some((s)=>fin.get(s)===40)) open++; }
  }
  console.log(conf, pref, pairs, open);
}
for (const pref of [11, 15]) for (const share of [0.1,0.2]) for (const exclusion of [false,true]) {
  const { parts, outcome } = loggedRun(smallSpec({ network: lossless, byzantine: { attack:'equivocation', share, exclusion }, consensus: { alphaPreference: pref }}));
  const m = outcome.result.results.consensus_metrics;
  console.log('equiv', pref, share, exclusion, m.finalized_share, m.all_honest_share, m.rejected_vertices, m.liveness_failures, parts.conduct.twinsIssued, parts.conduct.rejectedSubtrees, parts.conduct.reissued, m.byzantine_detected);
}
const spread = { ...lossless, oneWayUs: [10_000, 30_000] as const };
for (const parents of [{kind:'count', least:2, most:4}, {kind:'chain'},{kind:'wide'},{kind:'random'}] as const) for (const tps of [400, 800]) {
  const t=process.cpuUsage();
  const { parts, outcome } = loggedRun(smallSpec({ network: spread, messageBudget: 1, workload: { tps, batch: 2, parents } }));
  const c=process.cpuUsage(t);
  const counts = new Map<number,number>(); const depth: number[]=[];
  for (const v of parts.recorder.vertices) { counts.set(v.parents.length, (counts.get(v.parents.length)??0)+1); depth.push(1+Math.max(...v.parents.map(p=>p<0?0:depth[p]!))); }
  console.log(parents.kind, tps, parts.recorder.vertices.length, [...counts].sort().join(' | '), Math.max(...depth), 'undec', Math.max(...outcome.series.points.map(p=>p.undecided_vertices)), outcome.result.results.consensus_metrics.all_honest_share, outcome.result.results.consensus_metrics.rounds.mean, (c.user+c.system)/1e6);
}
