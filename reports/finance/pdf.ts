/**
 * The page printed to PDF by a Chromium that is installed on this machine.
 * Owns: finding it, printing, making the bytes repeatable. Does not own: the page. Nothing is ever downloaded.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** BFT_SCALE_CHROMIUM names another one. Null when there is none. */
export function findChromium(): string | null {
  const named = process.env['BFT_SCALE_CHROMIUM'];
  if (named !== undefined) return named !== '' && existsSync(named) ? named : null;
  return places.find((place) => existsSync(place)) ?? null;
}

/** Chromium writes the moment of printing; the report says its own moments, so a fixed one keeps the bytes equal. */
function withoutClock(pdf: Buffer): Buffer {
  const text = pdf.toString('latin1').replace(/\/(CreationDate|ModDate) \(D:[^)]*\)/g, (found) => {
    const name = found.slice(1, found.indexOf(' '));
    return `/${name} (D:20000101000000+00'00')`.padEnd(found.length, ' ').slice(0, found.length);
  });
  return Buffer.from(text, 'latin1');
}

/** Rejects with Chromium's error. The page's own @page rules decide paper and margins. */
export async function pagePdf(html: string, chromium: string): Promise<Buffer> {
  const { chromium: driver } = await import('playwright-core');
  const folder = await mkdtemp(path.join(tmpdir(), 'cost-pdf-'));
  const browser = await driver.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const file = path.join(folder, 'page.html');
    await writeFile(file, html);
    const page = await browser.newPage();
    await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
    return withoutClock(await page.pdf({ preferCSSPageSize: true, printBackground: true }));
  } finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
}
