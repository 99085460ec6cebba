// What the dashboard has to be: Grafana's own types, as they come out of JSON. `string`, where Grafana looks a name up in a
// registry that @grafana/schema does not have, is narrowed to the names that the dashboard may use.

import type * as grafana from '@grafana/schema';
import type { Options as Stat } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type {
  FieldConfig as StateTimelineField,
  Options as StateTimeline,
} from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type {
  FieldConfig as TableField,
  Options as Table,
} from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type {
  FieldConfig as TimeSeriesField,
  Options as TimeSeries,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
// The last release that has them.
import type { PrometheusDataQuery } from 'grafana-schema-10/dist/esm/raw/composable/prometheus/dataquery/x/PrometheusDataQuery_types.gen';

/** JSON has the values of an enumeration, not its members. */
type Json<T> = T extends string
  ? `${T}`
  : T extends number
    ? number extends T
      ? T
      : `${T}` extends `${infer N extends number}`
        ? N
        : never
    : T extends object
      ? { [K in keyof T]: Json<T[K]> }
      : T;

type With<T, Changes> = Omit<T, keyof Changes> & Changes;

type Unit = 'short' | 's' | 'percentunit' | 'reqps' | 'dateTimeFromNow';
type Reducer = 'lastNotNull' | 'max';
type Calcs = { calcs: Reducer[] };

type Names<T> = Record<string, T>;
type Transformation =
  | { id: 'merge'; options: Record<string, never> }
  | {
      id: 'organize';
      options: { excludeByName: Names<true>; indexByName: Names<number>; renameByName: Names<string> };
    };

type Field<Custom> = With<grafana.FieldConfig, { unit?: Unit; custom?: Custom }>;

/** For each name of a setting, the setting with its own type of value. */
type Settings<T, Prefix extends string = ''> = {
  [K in keyof T & string]-?: { id: `${Prefix}${K}`; value: Exclude<T[K], undefined> };
}[keyof T & string];

type Override<Custom> = {
  matcher: { id: 'byName'; options: string };
  properties: (Settings<Omit<Field<Custom>, 'custom'>> | Settings<Custom, 'custom.'>)[];
};

type Source = { type: 'prometheus'; uid: '${datasource}' };
type Query = With<PrometheusDataQuery, { datasource: Source }>;

type PanelOf<Type extends string, Options, Custom> = With<
  grafana.Panel,
  {
    type: Type;
    datasource: Source;
    targets: Query[];
    transformations?: Transformation[];
    options: Options;
    fieldConfig: { defaults: Field<Custom>; overrides: Override<Custom>[] };
  }
>;

type WithLegend<T extends { legend: object }> = With<T, { legend: With<T['legend'], Calcs> }>;

export type Panel = Json<
  | PanelOf<'stat', With<Stat, { reduceOptions: With<Stat['reduceOptions'], Calcs> }>, undefined>
  | PanelOf<'state-timeline', WithLegend<StateTimeline>, StateTimelineField>
  | PanelOf<'table', Table, TableField>
  | PanelOf<'timeseries', WithLegend<TimeSeries>, TimeSeriesField>
>;

type Variable = With<
  grafana.VariableModel,
  | { type: 'datasource'; query: 'prometheus' }
  | { type: 'query'; datasource: Source; query: { query: string; refId: string } }
>;

export type Dashboard = With<
  Json<With<grafana.Dashboard, { templating: { list: Variable[] } }>>,
  { panels: Panel[] }
>;
