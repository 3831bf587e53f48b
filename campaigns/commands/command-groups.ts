/**
 * Which file holds which commands, so that a command loads its own alone: half of a short command's time goes into loading.
 * Owns: that table, in the order of the help. Does not own: any command.
 */
import type { Command } from 'commander';
import type { ExitHolder } from '#campaigns/commands/command.ts';

type AddCommands = (program: Command, holder: ExitHolder) => void;

interface CommandGroup {
  readonly names: readonly string[];
  readonly load: () => Promise<AddCommands>;
}

export const commandGroups: readonly CommandGroup[] = [
  {
    names: ['phase1', 'phase2', 'phase3', 'phase4', 'catalogue'],
    load: async () => (await import('#campaigns/commands/phase-commands.ts')).addPhaseCommands,
  },
  {
    names: ['list', 'show', 'check', 'advise'],
    load: async () => (await import('#campaigns/commands/catalogue-commands.ts')).addCatalogueCommands,
  },
  {
    names: ['simulate'],
    load: async () => (await import('#campaigns/commands/simulate-command.ts')).addSimulateCommand,
  },
  {
    names: ['rare'],
    load: async () => (await import('#campaigns/commands/rare-command.ts')).addRareCommand,
  },
  {
    names: ['measure'],
    load: async () => (await import('#campaigns/commands/measure-command.ts')).addMeasureCommand,
  },
  {
    names: ['forecast'],
    load: async () => (await import('#campaigns/commands/money-commands.ts')).addMoneyCommands,
  },
  {
    names: ['optimise'],
    load: async () => (await import('#campaigns/commands/optimise-command.ts')).addOptimiseCommand,
  },
  {
    names: ['approve', 'signers'],
    load: async () => (await import('#campaigns/commands/approval-commands.ts')).addApprovalCommands,
  },
  {
    names: ['prices'],
    load: async () => (await import('#campaigns/commands/price-commands.ts')).addPriceCommands,
  },
  {
    names: ['guard', 'inventory', 'reap'],
    load: async () => (await import('#campaigns/commands/cloud-commands.ts')).addCloudCommands,
  },
  {
    names: ['ledger', 'reconcile'],
    load: async () => (await import('#campaigns/commands/ledger-commands.ts')).addLedgerCommands,
  },
  {
    names: ['status', 'resume', 'stop', 'teardown'],
    load: async () => (await import('#campaigns/commands/session-commands.ts')).addSessionCommands,
  },
  {
    names: ['report', 'verify', 'compare'],
    load: async () => (await import('#campaigns/commands/record-commands.ts')).addRecordCommands,
  },
];

/** Adds the command `name` with its neighbours; all commands when there is none of that name. */
export async function addCommandsFor(
  name: string | undefined,
  program: Command,
  holder: ExitHolder,
): Promise<void> {
  const own = commandGroups.filter(({ names }) => name !== undefined && names.includes(name));
  for (const { load } of own.length === 0 ? commandGroups : own) (await load())(program, holder);
}
