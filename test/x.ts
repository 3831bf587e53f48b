import { writeFileSync } from 'node:fs';
import { phase3Rows, planOf, reportInput } from '#test/reports/finance/finance-fixture.ts';
import { financeHtml } from '#reports/finance/finance-report.ts';
import { pagePdf } from '#reports/finance/pdf.ts';
const h = await financeHtml(reportInput(planOf('phase3', phase3Rows)));
writeFileSync('/root/bed/money/out/v.pdf', await pagePdf(h, '/usr/bin/chromium'));
