/**
 * `approve`, `signers`: who agreed to spend what, as signed files.
 * Owns: their options, words and exit codes. Does not own: what an approval binds to (campaigns/approvals.ts), the files
 * (budgets/approval-file.ts) or keys (budgets/signature.ts).
 */
import type { Command } from 'commander';
import type { ApprovalDocument } from '#budgets/approval-file.ts';
import type { CampaignForecast } from '#budgets/campaign-forecast.ts';
import { decimalUsd, formatUsd } from '#budgets/money.ts';
import type { ApprovalRole, SignerRegister } from '#budgets/signature.ts';
import type { breachesLeft } from '#campaigns/approvals.ts';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer, CommonOptions } from '#campaigns/commands/command-output.ts';
import {
  moneyOptions,
  type PhaseMoneyOptions,
  type Priced,
  pricePhase,
} from '#campaigns/commands/money-commands.ts';
import { choiceOption, collected, userPath } from '#campaigns/commands/option-values.ts';
import { textTable } from '#campaigns/commands/text-table.ts';
import { CampaignError } from '#campaigns/errors.ts';
import { type ExitCode, exitCodes } from '#campaigns/exit-code.ts';

const roles = [
  'engineering',
  'budget-owner',
  'finance',
  'sponsor',
] as const satisfies readonly ApprovalRole[];

interface ApproveOptions extends PhaseMoneyOptions {
  readonly sign?: string;
  readonly person?: string;
  readonly role?: ApprovalRole;
  readonly reason?: string;
  readonly override?: readonly string[];
  readonly list?: boolean;
}

function misuse(message: string, remedy: string): CampaignError {
  return new CampaignError('usage', message, remedy);
}

/** "SK-002=the customer pays for it". */
function overrideOf(text: string): { readonly subject: string; readonly reason: string } {
  const at = text.lastIndexOf('=') === -1 ? -1 : text.search(/=(?=[^=]*$)/);
  const [subject, reason] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  if (at < 1 || reason.length < 10) {
    throw misuse(
      `--override ${JSON.stringify(text.slice(0, 60))} has no row with a reason of at least ten characters`,
      'like --override "SK-002=the customer asked for the full week"',
    );
  }
  return { subject, reason };
}

async function signedBy(file: string, register: SignerRegister): Promise<{ person: string; pem: string }> {
  const { readFileSync } = await import('node:fs');
  const { publicKeyOf } = await import('#budgets/signature.ts');
  const pem = readFileSync(userPath(file), 'utf8');
  const publicKey = publicKeyOf(pem);
  const signer = register.signers.find((one) => one.publicKey === publicKey);
  if (signer === undefined)
    throw misuse(
      `${file} is the key of nobody in the register`,
      'add it: npm run campaign signers -- --add NAME --key FILE --role ROLE',
    );
  return { person: signer.name, pem };
}

async function sign(priced: Priced, hash: string, file: string, options: ApproveOptions): Promise<string> {
  const { approvalsFolder, signerRegister } = await import('#campaigns/approvals.ts');
  const { writeApproval } = await import('#budgets/approval-file.ts');
  const register = signerRegister();
  if (register === null)
    throw misuse(
      'nobody is registered to sign',
      'npm run campaign signers -- --create-key KEY, then --add NAME --key KEY --role ROLE',
    );
  const { reason = '', role, override = [] } = options;
  if (reason.trim() === '')
    throw misuse('an approval needs its reason', '--reason "why it is worth the money"');
  const { person, pem } = await signedBy(file, register);
  const own = register.signers.find(({ name }) => name === person)?.roles ?? [];
  const [only] = own;
  if (role === undefined && (own.length > 1 || only === undefined))
    throw misuse(`${person} has several roles: ${own.join(', ')}`, 'say which with --role');
  const overrides = override.map(overrideOf);
  const known = priced.forecast.breaches.map(({ subject }) => subject);
  const stranger = overrides.find(({ subject }) => !known.includes(subject));
  if (stranger !== undefined)
    throw misuse(
      `${stranger.subject} breaks no limit`,
      known.length === 0 ? 'nothing does' : `these do: ${known.join(', ')}`,
    );
  const { total } = priced.forecast.forecast;
  const document: ApprovalDocument = {
    version: 1,
    hash,
    phase: priced.plan.phase,
    role: role ?? only ?? 'engineering',
    person,
    at: priced.money.now(),
    amount: `P50 ${formatUsd(total.p50.usdMicros)}, P90 ${formatUsd(total.p90.usdMicros)}`,
    comment: reason,
    overrides,
  };
  return writeApproval(approvalsFolder, document, pem, register);
}

function approvalExitCode(
  forecast: CampaignForecast,
  left: ReturnType<typeof breachesLeft>,
  credentials: boolean,
): ExitCode {
  if (forecast.forecast.stack.kind === 'local') return exitCodes.passed;
  if (left.some(({ severity }) => severity === 'over')) return exitCodes.overBudget;
  return credentials ? exitCodes.passed : exitCodes.approvalMissing;
}

/** The approvals of the folder, one line each, with why one does not count. */
async function approvalLines(hash: string, now: string): Promise<readonly string[]> {
  const { signedApprovals } = await import('#campaigns/approvals.ts');
  const { APPROVAL_VALID_HOURS } = await import('#budgets/approval.ts');
  const { approvals, refused } = signedApprovals();
  const lines = approvals.map((one) => {
    const hours = (Date.parse(now) - Date.parse(one.at)) / 3_600_000;
    const standing =
      one.hash !== hash
        ? 'for another plan, other prices or other limits'
        : hours >= APPROVAL_VALID_HOURS || hours < 0
          ? `expired: signed ${Math.round(hours)} h ago, valid for ${APPROVAL_VALID_HOURS} h`
          : 'counts';
    return [one.person, one.role, one.at, standing, one.comment];
  });
  const table = textTable(
    [
      { title: 'person' },
      { title: 'role' },
      { title: 'signed' },
      { title: 'standing' },
      { title: 'reason', most: 60 },
    ],
    lines,
  );
  return [
    ...(lines.length === 0 ? ['no signed approval is at hand'] : [table.trimEnd()]),
    ...refused.map(({ file, why }) => `refused: ${file}: ${why}`),
  ];
}

/** The options that the hash depends on, as they were given: without them it would be another plan. */
function planOptions({ budget, scenario = [], seed, replications }: ApproveOptions): readonly string[] {
  return [
    ...scenario.flatMap((id) => ['--scenario', id]),
    ...(replications === undefined ? [] : ['--replications', String(replications)]),
    ...(seed === undefined ? [] : ['--seed', String(seed)]),
    ...(budget === undefined ? [] : ['--budget', decimalUsd(budget)]),
  ];
}

async function approveAnswer(phase: string, options: ApproveOptions): Promise<Answer> {
  const priced = await pricePhase(phase, options);
  const { plan, forecast, money } = priced;
  const { approvalOf, breachesLeft, hasCloudCredentials, overridesOf, overrideText, whatIsMissing } =
    await import('#campaigns/approvals.ts');
  const { forecastText } = await import('#campaigns/commands/money-text.ts');
  const before = approvalOf(plan, forecast, money);
  const written = options.sign === undefined ? null : await sign(priced, before.hash, options.sign, options);
  const asked = { ...money, approve: before.hash };
  const approval = approvalOf(plan, forecast, asked);
  const overrides = overridesOf(approval);
  const missing = whatIsMissing(plan, approval, forecast, asked);
  const listed =
    options.list === true || written !== null ? await approvalLines(approval.hash, money.now()) : [];
  const lines = approval.need.needed
    ? [
        `an approval is bound to this plan, these prices and these limits: ${approval.hash}`,
        `needed: ${approval.need.why}`,
        ...(written === null ? [] : [`signed: ${written}`]),
        ...listed,
        ...overrides.map(overrideText),
        ...(approval.state.state === 'approved' ? [`approved until ${approval.state.validUntil}`] : []),
        `start with: npm run campaign ${phase} -- ${[...planOptions(options), '--approve', approval.hash].join(' ')}`,
        ...missing.map((note) => `still missing then: ${note}`),
      ]
    : [`no approval is needed: ${approval.need.why}`];
  const left = breachesLeft(forecast.breaches, overrides);
  return {
    text: `${forecastText(forecast)}\n${lines.join('\n')}\n`,
    document: { phase: plan.phase, approval, overrides, written, missing },
    exitCode:
      written !== null || options.list === true
        ? exitCodes.passed
        : approvalExitCode(forecast, left, hasCloudCredentials()),
  };
}

interface SignersOptions extends CommonOptions {
  readonly createKey?: string;
  readonly add?: string;
  readonly key?: string;
  readonly role?: readonly string[];
  readonly revoke?: string;
}

async function createKey(file: string): Promise<string> {
  const { writeFileSync } = await import('node:fs');
  const { createKeyPair } = await import('#budgets/signature.ts');
  const { privateKeyPem, publicKey } = createKeyPair();
  // 'wx': a key is never replaced, the approvals signed with it could not be proven any more.
  writeFileSync(userPath(file), privateKeyPem, { mode: 0o600, flag: 'wx' });
  return `a new Ed25519 key is in ${file}, readable by you alone: it never leaves you. Its public half: ${publicKey}`;
}

async function addSigner(name: string, options: SignersOptions, now: string): Promise<string> {
  const { readFileSync } = await import('node:fs');
  const { saveRegister, signersFile, signerRegister } = await import('#campaigns/approvals.ts');
  const { publicKeyOf } = await import('#budgets/signature.ts');
  if (options.key === undefined)
    throw misuse('--add needs the key of the person', '--key FILE (private or public, PEM)');
  const wanted = (options.role ?? []).map((text) => choiceOption('--role', roles)(text));
  if (wanted.length === 0)
    throw misuse('--add needs what the person may sign as', `--role ${roles.join('|')}; repeatable`);
  const publicKey = publicKeyOf(readFileSync(userPath(options.key), 'utf8'));
  const { signers } = signerRegister() ?? { signers: [] };
  saveRegister({
    version: 1,
    signers: [...signers, { name, roles: [...new Set(wanted)], publicKey, since: now, revoked: null }],
  });
  return `${name} may sign as ${wanted.join(', ')} from now on: ${signersFile}`;
}

async function revokeSigner(name: string, now: string): Promise<string> {
  const { saveRegister, signerRegister } = await import('#campaigns/approvals.ts');
  const { signers } = signerRegister() ?? { signers: [] };
  if (!signers.some((one) => one.name === name && one.revoked === null))
    throw misuse(`${name} is nobody who may sign`, 'see who may: npm run campaign signers');
  saveRegister({
    version: 1,
    signers: signers.map((one) => (one.name === name ? { ...one, revoked: now } : one)),
  });
  return `what ${name} signs from now on does not count`;
}

async function signersAnswer(options: SignersOptions): Promise<Answer> {
  const now = new Date().toISOString();
  const done: string[] = [];
  if (options.createKey !== undefined) done.push(await createKey(options.createKey));
  if (options.add !== undefined) done.push(await addSigner(options.add, options, now));
  if (options.revoke !== undefined) done.push(await revokeSigner(options.revoke, now));
  const { signerRegister, signersFile } = await import('#campaigns/approvals.ts');
  const signers = signerRegister()?.signers ?? [];
  const rows = signers.map((one) => [
    one.name,
    one.roles.join(', '),
    one.since,
    one.revoked ?? '-',
    one.publicKey,
  ]);
  const table =
    signers.length === 0
      ? `nobody is registered to sign (${signersFile})\n`
      : textTable(
          [
            { title: 'person' },
            { title: 'may sign as' },
            { title: 'since' },
            { title: 'revoked' },
            { title: 'public key' },
          ],
          rows,
        );
  return {
    text: `${[...done, table.trimEnd()].join('\n')}\n`,
    document: { done, file: signersFile, signers },
    exitCode: exitCodes.passed,
  };
}

function approveOptions(command: Command): Command {
  return moneyOptions(command)
    .option('--sign <KEY>', 'sign an approval of exactly this with the private key in the file')
    .option('--role <ROLE>', 'as which of your roles you sign', choiceOption('--role', roles))
    .option('--reason <TEXT>', 'why; part of what is signed')
    .option(
      '--override <ROW=REASON>',
      'accept that a row, or the phase, breaks its limit; repeatable',
      collected,
    )
    .option('--list', 'show the approvals at hand and which count');
}

export function addApprovalCommands(program: Command, holder: ExitHolder): void {
  addCommand<ApproveOptions>(program, holder, {
    name: 'approve',
    summary: 'the hash that an approval of a phase is bound to, who has to agree, and signing it',
    description:
      'Exit 0: it can be approved, need not be, or was signed. 21: over a limit. 23: credentials are missing. An approval is a file with a detached Ed25519 signature in approvals/; it counts for 24 h, for this plan, these prices and these limits.',
    arguments: [{ name: '<phaseN>', about: 'phase1 to phase4' }],
    options: approveOptions,
    examples: [
      'npm run campaign approve phase2',
      'npm run campaign approve phase2 -- --sign ada.pem --role finance --reason "first scale test"',
      'npm run campaign approve phase2 -- --list',
    ],
    run: ([phase = ''], options) => approveAnswer(phase, options),
  });
  addCommand<SignersOptions>(program, holder, {
    name: 'signers',
    summary: 'who may sign approvals: create a key, add a person, revoke one',
    description: 'The register is approvals/signers/register.json: public keys only, reviewed like code.',
    options: (command) =>
      command
        .option('--create-key <FILE>', 'write a new private key, never over another')
        .option('--add <NAME>', 'register a person; with --key and --role')
        .option('--key <FILE>', 'PEM of the person’s private or public key')
        .option('--role <ROLE>', `${roles.join(', ')}; repeatable`, collected)
        .option('--revoke <NAME>', 'what the person signs from now on does not count'),
    examples: [
      'npm run campaign signers',
      'npm run campaign signers -- --create-key ada.pem',
      'npm run campaign signers -- --add ada --key ada.pem --role engineering --role finance',
    ],
    run: (_words, options) => signersAnswer(options),
  });
}
