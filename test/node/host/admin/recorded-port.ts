/** An admin port that answers from memory and records what it was asked to do. */
import type { AdminFault, AdminPort, SubmittedTransaction } from '#node/host/admin/admin-port.ts';

export class RecordedPort implements AdminPort {
  readonly calls: string[] = [];
  readonly submitted: (readonly SubmittedTransaction[])[] = [];
  readonly faults: AdminFault[] = [];
  missing: string | null = null;
  queueIsFull = false;

  notReady(): string | null {
    return this.missing;
  }

  status() {
    return {
      name: 'p00',
      phase: 'ready',
      run: 'r1',
      isCampaign: true,
      isConductorConnected: true,
      members: 4,
      activeFaults: [],
      nodes: [],
    };
  }

  async metrics(): Promise<string> {
    return '# nothing\n';
  }

  hasNode(node: number): boolean {
    return node < 2;
  }

  peers() {
    return [];
  }

  submit(_node: number, transactions: readonly SubmittedTransaction[]) {
    if (this.queueIsFull) return { kind: 'queue-full' } as const;
    this.submitted.push(transactions);
    return { kind: 'accepted', receipt: `r${this.submitted.length}` } as const;
  }

  async finalityOfVertex(_node: number, vertex: string) {
    return { status: 'finalised', vertex, rounds: 20, confidence: 0.97 } as const;
  }

  async finalityOfReceipt() {
    return { status: 'queued', vertex: null, rounds: null, confidence: null } as const;
  }

  setAttack(node: number, attack: string): void {
    this.calls.push(`attack ${node} ${attack}`);
  }

  addFault(fault: AdminFault): string | null {
    this.faults.push(fault);
    return fault.effect.kind === 'memory' ? 'no memory to spare' : null;
  }

  lift(fault: number): void {
    this.calls.push(`lift ${fault}`);
  }

  shutdown(reason: string): void {
    this.calls.push(`shutdown ${reason}`);
  }
}
