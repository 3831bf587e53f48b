/**
 * Dashboards in Grafana's JSON, built with its own typed builders.
 * Owns: layout, look and defaults of every panel. Does not own: what is shown (boards.ts), where files lie (write-dashboards.ts).
 */
import { DashboardBuilder, DashboardCursorSync } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Board, Panel } from '#reports/dashboards/board.ts';

/** Provisioned under this uid, locally and in the cluster. */
export const datasourceUid = 'bft-metrics';
const datasource = { type: 'prometheus', uid: datasourceUid };

const columns = 24;
const size = { graph: { w: 12, h: 8 }, number: { w: 6, h: 4 } } as const;

function targetsOf({ queries, kind }: Panel): DataqueryBuilder[] {
  return queries.map(({ expr, legend }, index) => {
    const target = new DataqueryBuilder()
      .refId(String.fromCharCode(65 + index))
      .datasource(datasource)
      .expr(expr)
      .legendFormat(legend);
    return kind === 'number' ? target.instant() : target.range();
  });
}

type AnyPanelBuilder = StatBuilder | TimeseriesBuilder;

function panelOf(panel: Panel, id: number, x: number, y: number): AnyPanelBuilder {
  const { w, h } = size[panel.kind];
  const builder: AnyPanelBuilder =
    panel.kind === 'number' ? new StatBuilder() : new TimeseriesBuilder().lineWidth(1).fillOpacity(8).min(0);
  return builder
    .id(id)
    .title(panel.title)
    .description(panel.about)
    .datasource(datasource)
    .unit(panel.unit)
    .gridPos({ x, y, w, h })
    .targets(targetsOf(panel));
}

/** The dashboard as Grafana imports it: plain JSON, the same for the same board. */
export function grafanaDashboard(board: Board): object {
  const builder = new DashboardBuilder(board.title)
    .uid(board.uid)
    .description(board.about)
    .tags(['bft-scale'])
    .timezone('utc')
    .tooltip(DashboardCursorSync.Crosshair)
    .refresh('10s')
    .time({ from: 'now-30m', to: 'now' })
    .readonly();
  let x = 0;
  let y = 0;
  let rowHeight = 0;
  for (const [index, panel] of board.panels.entries()) {
    const { w, h } = size[panel.kind];
    if (x + w > columns || (x > 0 && h !== rowHeight)) {
      x = 0;
      y += rowHeight;
    }
    builder.withPanel(panelOf(panel, index + 1, x, y));
    x += w;
    rowHeight = h;
  }
  return JSON.parse(JSON.stringify(builder.build())) as object;
}
