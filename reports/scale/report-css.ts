/**
 * Rules of the scale report on top of the shared page: contents beside the text, charts, status marks, paper.
 * Owns: those rules. Does not own: the shared look (reports/html.ts).
 */
export const reportCss = `main,header.top,footer.end{max-width:1280px}header.top{padding-bottom:1px}
section>h2::after{content:none}section>h2 .badge{font-size:9.5px;letter-spacing:.1em;font-weight:600;color:var(--muted);background:none;border-color:var(--line);align-self:center}
section{margin-top:44px}section:first-child{margin-top:12px}
h2{font-size:21px;margin:18px 0 12px}h3{font-size:16px;margin:34px 0 6px}h4{font-size:12.5px;font-weight:600;margin:22px 0 4px;color:var(--ink)}
.layout{display:block}nav.toc{font-size:12.5px;line-height:1.35;border-bottom:1px solid var(--line);padding-bottom:12px;margin-bottom:8px;columns:2}
nav.toc a{display:block;padding:3px 0;color:var(--ink);text-decoration:none}nav.toc a:hover{color:var(--accent);text-decoration:underline}
nav.toc .sub a{padding:2px 0 2px 12px;color:var(--muted);font-size:12px}
@media(min-width:1180px){.layout{display:grid;grid-template-columns:190px minmax(0,1fr);gap:44px}
nav.toc{position:sticky;top:0;align-self:start;max-height:100vh;overflow-y:auto;columns:1;border:0;padding:18px 0}}
.lead{font-size:15px;line-height:1.55;max-width:78ch}
.verdict-line{display:flex;gap:14px;align-items:baseline;font-size:16px;margin:4px 0 10px;flex-wrap:wrap}.verdict-line .status{font-size:16px}
.status{display:inline-flex;align-items:center;gap:6px;font-weight:600;font-size:11.5px;letter-spacing:.03em;white-space:nowrap}
.status .mark{flex:none}.status-passed{color:var(--good)}.status-failed{color:var(--bad)}.status-inconclusive{color:var(--warn)}.status-aborted{color:#6b2a5c}.status-skipped{color:var(--muted)}
.tally{display:inline-flex;gap:18px;flex-wrap:wrap}.tally .status-count{display:inline-flex;align-items:center;gap:7px}.tally b{font-size:15px}
.figures{grid-template-columns:repeat(auto-fit,minmax(170px,1fr))}.figure-value .small{font-size:13px;font-weight:500;color:var(--muted);letter-spacing:0}
dl.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(280px,1fr));gap:2px 28px;margin:8px 0 14px;font-size:12.5px}
dl.facts div{display:flex;gap:10px;border-bottom:1px solid var(--line-soft);padding:3px 0;break-inside:avoid}dl.facts dt{color:var(--muted);flex:0 0 92px}dl.facts dd{margin:0}
article.row{border-top:1px solid var(--line-soft);padding-top:2px;margin-top:26px}article.row:first-of-type{border-top:0;margin-top:0}
article.row>h3{display:flex;gap:14px;align-items:baseline;flex-wrap:wrap;margin-top:18px}article.row>h3 .status{font-size:12.5px}
.reason{margin:0 0 8px;color:var(--ink)}
figure.chart{margin:16px 0 20px}.charts-two{display:grid;grid-template-columns:repeat(auto-fit,minmax(330px,1fr));gap:0 24px}
.key{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:11.5px;color:var(--muted);margin:0 0 6px;max-width:none}.key span{display:inline-flex;align-items:center;gap:6px}
.swatch{display:inline-block;width:18px;height:0;border-top:2.5px solid var(--c)}.swatch-dash{border-top-style:dashed;border-top-width:2px}.swatch-area{height:10px;border:0;background:var(--c);outline:1px solid rgb(0 0 0/.08)}.swatch-tick{width:14px;border-top-width:2.5px}
figcaption{max-width:90ch}ul.validity{list-style:none;padding:0;font-size:12px;margin:0 0 14px}.validity li{max-width:none}.validity b{display:inline-block;font-weight:600;margin-right:6px;color:var(--good)}.validity .broken b{color:var(--bad)}
.numbers{display:grid;grid-template-columns:repeat(auto-fit,minmax(215px,1fr));gap:6px 28px;margin:10px 0 14px;font-size:12px}
.numbers h4{margin:8px 0 2px}.numbers table{font-size:12px}.numbers td{padding:3px 0;background:none}.numbers td:first-child{color:var(--muted);padding:3px 8px 3px 0}.numbers tr:nth-child(even){background:none}.numbers .table-wrap{margin:0}
.numbers th{display:none}
pre.command{background:var(--wash);border:1px solid var(--line-soft);border-radius:3px;padding:7px 10px;margin:3px 0 12px;font:12px/1.5 var(--mono);white-space:pre-wrap;overflow-wrap:anywhere}
td code{font-size:11px}td .line{display:block;margin-bottom:2px}td .sum{display:block;margin:4px 0 2px;padding-left:10px;border-left:2px solid var(--line)}p .under{display:block}td .under{display:block;color:var(--muted);font-size:11.5px;margin-top:2px}
.note h3{margin-top:2px}.note.warn{background:none;border:1px solid var(--line);border-left:3px solid var(--warn)}.note h4{margin-top:10px}
.note .table-wrap{margin:6px 0 8px}.note table{background:none}.note tbody tr:nth-child(even){background:none}
@media print{nav.toc{columns:3;font-size:8pt}.layout{display:block}section{margin-top:22px}article.row{break-inside:auto}section>h2+p,article.row>h3,article.row>h3+dl,.key{break-after:avoid}dl.facts,ul.validity{break-inside:avoid}nav.toc .sub{display:none}figure.chart{break-inside:avoid}
#verdicts,#scaling,#assumptions,#reproduce{break-before:page}.numbers{font-size:8pt;grid-template-columns:repeat(4,1fr)}.numbers table{font-size:7.5pt}dl.facts{font-size:8pt;grid-template-columns:1fr 1fr}h2{font-size:15pt}h3{font-size:12pt}pre.command{font-size:7.5pt}}`;
