/**
 * Who may import whom. Enforced by `npm run check`; ARCHITECTURE.md explains why each wall stands where it does.
 * Owns the rules only. A rule's comment is what a violator reads.
 */
const ours = '^(node|campaigns|budgets|reports|test|infra|scripts)/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'a cycle hides which part owns what',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'the import leads nowhere',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'nothing-imports-test',
      severity: 'error',
      comment: 'test code is no part of the product',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
    {
      name: 'core-is-alone',
      severity: 'error',
      comment: 'node/core is pure: it imports nothing but itself',
      from: { path: '^node/core/' },
      to: { pathNot: '^node/core/' },
    },
    {
      name: 'model-is-alone',
      severity: 'error',
      comment: 'node/model is data and arithmetic shared by simulator and transport',
      from: { path: '^node/model/' },
      to: { pathNot: '^node/model/' },
    },
    {
      name: 'chain-on-core',
      severity: 'error',
      comment: 'node/chain may import node/core only',
      from: { path: '^node/chain/' },
      to: { pathNot: '^node/(core|chain)/' },
    },
    {
      name: 'byzantine-on-core-and-chain',
      severity: 'error',
      comment: 'node/byzantine may import node/core and node/chain only',
      from: { path: '^node/byzantine/' },
      to: { pathNot: '^node/(core|chain|byzantine)/' },
    },
    {
      name: 'host-knows-no-campaign',
      severity: 'error',
      comment: 'a node runs without campaigns, budgets and reports: its image holds none of them',
      from: { path: '^node/' },
      to: { path: ours, pathNot: '^node/' },
    },
    {
      name: 'only-main-builds-nodes',
      severity: 'error',
      comment: 'node/main.ts is a composition root: nothing of the product imports it',
      from: { path: '^(node|campaigns|budgets|reports)/' },
      to: { path: '^node/main[.]ts$' },
    },
    {
      name: 'agent-protocol-is-data',
      severity: 'error',
      comment: 'both ends of the wire import it: it may import the pure node only',
      from: { path: '^node/(agent-|config)[a-z-]*[.]ts$' },
      to: { path: '^node/', pathNot: '^node/((core|chain|byzantine|model)/|(agent-|config)[a-z-]*[.]ts$)' },
    },
    {
      name: 'sockets-and-disks-in-the-host',
      severity: 'error',
      comment: 'libp2p and RocksDB are reached through the ports of node/host only',
      from: { pathNot: '^(node/host/|test/)' },
      to: { path: 'node_modules/(@libp2p|libp2p|rocksdb-native|@multiformats)/' },
    },
    {
      name: 'budgets-know-nothing-of-ours',
      severity: 'error',
      comment: 'budgets are usable without the rest: money, capacity, prices',
      from: { path: '^budgets/' },
      to: { path: ours, pathNot: '^budgets/' },
    },
    {
      name: 'infra-on-configuration-and-budgets',
      severity: 'error',
      comment:
        'the Pulumi program may import the configuration of a node, capacity, limits, money, prices and alert rules: no campaign, no host',
      from: { path: '^infra/' },
      to: {
        path: ours,
        pathNot:
          '^(infra/|node/((agent-|config)[a-z-]*[.]ts$|model/)|budgets/|reports/dashboards/alert-rules[.]ts$)',
      },
    },
    {
      name: 'campaigns-see-only-the-outputs-of-infra',
      severity: 'error',
      comment: 'a campaign reads the outputs of a stack; how it is built is none of its business',
      from: { path: '^(node|campaigns|budgets|reports)/', pathNot: '^campaigns/targets/kubernetes/' },
      to: { path: '^infra/', pathNot: '^infra/outputs[.]ts$' },
    },
    {
      name: 'infra-plans-are-pure',
      severity: 'error',
      comment: 'planners decide before Pulumi hears of anything: no Pulumi, no cloud client, no builtin',
      from: { path: '^infra/(plan/|config[.]ts$|tags[.]ts$)' },
      to: { path: 'node_modules/(@pulumi|@aws-sdk|@kubernetes)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'pulumi-in-infra-and-the-cluster-target',
      severity: 'error',
      comment: 'only the program, campaigns/targets/kubernetes and tests speak to Pulumi',
      from: { pathNot: '^(infra/|campaigns/targets/kubernetes/|test/)' },
      to: { path: 'node_modules/@pulumi/' },
    },
    {
      name: 'kubernetes-in-the-cluster-target',
      severity: 'error',
      comment: 'only campaigns/targets/kubernetes and tests speak to a Kubernetes API by its client',
      from: { pathNot: '^(campaigns/targets/kubernetes/|test/)' },
      to: { path: 'node_modules/@kubernetes/' },
    },
    {
      name: 'campaigns-use-only-the-pure-node',
      severity: 'error',
      comment:
        'campaigns may import node/{core,chain,byzantine,model}, the configuration and the protocol of agents, no host',
      from: { path: '^campaigns/', pathNot: '^campaigns/targets/benchmark/' },
      to: { path: '^node/', pathNot: '^node/((core|chain|byzantine|model)/|(agent-|config)[a-z-]*[.]ts$)' },
    },
    {
      name: 'benchmark-measures-store-and-hashing',
      severity: 'error',
      comment:
        'of the host the benchmark measures its store and its hashing, nothing that has a socket or a thread',
      from: { path: '^campaigns/targets/benchmark/' },
      to: { path: '^node/host/', pathNot: '^node/host/(store|hash)/' },
    },
    {
      name: 'benchmark-jobs-run-in-their-own-process',
      severity: 'error',
      comment: 'only the suite loads a job, when it runs: what plans or judges a benchmark loads no store',
      from: { path: '^campaigns/', pathNot: '^campaigns/targets/benchmark/' },
      to: {
        path: '^campaigns/targets/benchmark/',
        pathNot: '^campaigns/targets/benchmark/(capabilities|machine|network-run|network-spec)[.]ts$',
      },
    },
    {
      name: 'only-the-simulator-drives-the-core',
      severity: 'error',
      comment:
        'outside campaigns/targets/{simulator,benchmark} only parameters and random streams may be imported',
      from: { path: '^campaigns/', pathNot: '^campaigns/targets/(simulator|benchmark)/' },
      to: { path: '^node/core/', pathNot: '^node/core/(params|random)[.]ts$' },
    },
    {
      name: 'only-the-command-line-reaches-reports',
      severity: 'error',
      comment: 'the operator gets the report writers injected',
      from: { path: '^campaigns/', pathNot: '^campaigns/(cli[.]ts$|commands/)' },
      to: { path: '^reports/' },
    },
    {
      name: 'nothing-imports-the-command-line',
      severity: 'error',
      comment: 'cli.ts is a composition root',
      from: { pathNot: '^(campaigns/cli[.]ts$|campaigns/commands/|scripts/|test/)' },
      to: { path: '^campaigns/(cli[.]ts$|commands/)' },
    },
    {
      name: 'analysis-reads-only-records',
      severity: 'error',
      comment: 'a stored run can be judged again without the code that ran it',
      from: { path: '^campaigns/analysis/' },
      to: { path: '^campaigns/(targets/|operator[.]ts$|pool[.]ts$|worker[.]ts$|journal[.]ts$|lock[.]ts$)' },
    },
    {
      name: 'analytic-is-mathematics',
      severity: 'error',
      comment: 'campaigns/analytic imports itself and node/core/params.ts',
      from: { path: '^campaigns/analytic/' },
      to: { pathNot: '^(campaigns/analytic/|node/core/params[.]ts$)' },
    },
    {
      name: 'reports-read-only-records',
      severity: 'error',
      comment:
        'reports may import campaigns/{results,analysis,plan-record,run-spec}, the shape of findings, and budgets',
      from: { path: '^reports/' },
      to: {
        path: ours,
        pathNot:
          '^(reports/|budgets/|campaigns/(results|analysis)/|campaigns/(plan-record|run-spec)[.]ts$|campaigns/feasibility/finding[.]ts$)',
      },
    },
    {
      name: 'bench-uses-the-campaigns-core',
      severity: 'error',
      comment: 'a figure for another kernel would be no figure of this product',
      from: { path: '^test/bench/' },
      to: { path: ours, pathNot: '^(test/bench/|campaigns/|node/|test/(bed|infra)/)' },
    },
    {
      name: 'no-package-in-the-pure-node',
      severity: 'error',
      comment: 'no npm package and no builtin in the pure folders',
      from: { path: '^node/(core|chain|byzantine|model)/' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'core', 'npm-no-pkg', 'npm-unknown'],
      },
    },
    {
      name: 'no-dev-dependency-in-the-product',
      severity: 'error',
      comment: 'the product runs on "dependencies" alone',
      from: { path: '^(node|campaigns|budgets|infra|reports)/', pathNot: '^reports/dashboards/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'dashboards-are-generated',
      severity: 'error',
      comment:
        'what runs reads the JSON that reports/dashboards wrote, not the builders that need a development package',
      from: { pathNot: '^(reports/dashboards/|scripts/|test/)' },
      to: { path: '^reports/dashboards/(boards|grafana-board|write-dashboards)[.]ts$' },
    },
    {
      name: 'commander-at-the-edge',
      severity: 'error',
      comment: 'option parsing stays in the command line',
      from: { pathNot: '^(campaigns/cli[.]ts$|campaigns/commands/|test/)' },
      to: { path: 'node_modules/commander/' },
    },
  ],
  required: [
    {
      name: 'bench-reaches-the-simulator',
      severity: 'error',
      comment: 'the bench constructs the same simulator and core as a campaign',
      module: { path: '^test/bench/cli[.]ts$' },
      to: { path: '^campaigns/targets/simulator/', reachable: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
