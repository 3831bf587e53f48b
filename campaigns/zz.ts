import { resolveScenario } from '#campaigns/resolve.ts';
import { findScenario, loadCatalogue } from '#campaigns/scenario-file.ts';
import { runLumpedTier } from '#campaigns/targets/simulator/lumped/lumped-tier.ts';
import { runMessageTier } from '#campaigns/targets/simulator/run.ts';
import { lumpedRefusal } from '#campaigns/targets/simulator/lumped/refusal.ts';
import { estimateFinality } from '#campaigns/targets/simulator/finality-estimate.ts';
const show=(o:any)=>{const r=o.result.results;return {tier:o.result.tier,status:o.result.test_status,reason:o.result.reason,tps:r.throughput.avg_tps,var:r.throughput.tps_variance_percent,p50:r.latency.p50_ms,p95:r.latency.p95_ms,p999:r.latency.p999_ms,mean:r.latency.mean_ms,und:r.latency.undecided_share,rounds:r.consensus_metrics.rounds.mean,fs:r.consensus_metrics.finalized_share,lf:r.consensus_metrics.liveness_failures,ah:r.consensus_metrics.all_honest_share,cpu:r.resource_usage.avg_cpu_percent,net:r.resource_usage.avg_network_mbps,mem:r.resource_usage.peak_memory_mb,cpuS:r.simulation.cpu_seconds,msgs:r.simulation.messages, vs: r.simulation.virtual_seconds, m: o.result.window.measured_s, notes:o.result.anomalies.slice(0,3), faults:o.result.faults.map((f:any)=>[f.kind,f.recovery_us,f.rejoin_us])}};
for (const id of process.argv.slice(3)) {
 const [sid, ...opts] = id.split(':');
 const s = findScenario(sid!);
 const o: any = { seed: 1 };
 for (const x of opts) { const [k,v]=x.split('='); o[k!] = k==='nodes'?[+v!]:k==='byzantineShares'?[+v!]:k==='attacks'?[v]:k==='network'?v:+v!; }
 for (const row of resolveScenario(s as any, o)) {
  const spec=row.specs[0]!;
  console.log(row.rowId, spec.tier, spec.tierReason, lumpedRefusal(spec), estimateFinality(spec).finalityUs);
  if (process.argv[2]!.includes('l')) console.log(show(runLumpedTier(spec)));
  if (process.argv[2]!.includes('m')) console.log(show(runMessageTier({...spec}, ()=>{}, new AbortController().signal)));
 }
}
