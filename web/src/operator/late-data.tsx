/** Which weeks changed in the source after they were trained. */
import { useApi } from '../api/use-api.ts'
import { DataTable } from '../components/data-table.tsx'
import { Panel } from '../components/panel.tsx'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { figureText } from './sentences.ts'

export function LateData() {
  const { late } = useMessages()
  const formats = useFormats()
  const result = useApi('listLateData', {})
  const rows = (value: number | null): string => figureText(value, formats.number)
  return (
    <Panel title={late.title} text={late.text} result={result} empty={{ when: ({ items }) => items.length === 0, text: late.none }}>
      {({ items }) => (
        <DataTable
          caption={late.title}
          rows={items}
          rowKey={({ table, week, found_at: at, trained_with: version }) => `${table} ${week} ${version} ${at}`}
          columns={[
            { id: 'week', header: late.week, value: ({ week }) => week },
            { id: 'table', header: late.table, value: ({ table }) => table, cell: ({ table }) => <code>{table}</code> },
            { id: 'added', header: late.added, numeric: true, value: ({ added }) => added ?? undefined, cell: ({ added }) => rows(added) },
            {
              id: 'removed',
              header: late.removed,
              numeric: true,
              value: ({ removed }) => removed ?? undefined,
              cell: ({ removed }) => rows(removed),
            },
            {
              id: 'with',
              header: late.trainedWith,
              value: ({ trained_with: version }) => version,
              cell: ({ trained_with: version }) => <code>{version}</code>,
            },
            { id: 'found', header: late.foundBy, value: ({ found_by: week }) => week },
            {
              id: 'again',
              header: late.trainedAgain,
              value: ({ trained_again: version }) => version ?? '',
              cell: ({ trained_again: version }) => (version === null ? late.notYet : <code>{version}</code>),
            },
          ]}
        />
      )}
    </Panel>
  )
}
