/** A table whose columns sort. Wide ones scroll inside their own frame, which the keyboard reaches. */
import { useMemo, useState, type ReactNode } from 'react'
import { useFormats, useMessages } from '../i18n/language.tsx'

export type SortValue = string | number | undefined | null

export interface Column<Row> {
  readonly id: string
  readonly header: string
  /** What the column sorts by; without it the column does not sort. */
  readonly value?: (row: Row) => SortValue
  /** What stands in the cell; without it, the value. */
  readonly cell?: (row: Row) => ReactNode
  readonly numeric?: boolean
  /** Holds names, or with `long` sentences: it has room for a few words, and breaks lines. */
  readonly wordy?: boolean | 'long'
}

export interface Sorting {
  readonly column: string
  readonly descending: boolean
}

interface DataTableProps<Row> {
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly sorted?: Sorting
  /** The column that names the row; the first one where not given. */
  readonly rowHeader?: string
  readonly highlighted?: (row: Row) => boolean
}

export function DataTable<Row>({ caption, columns, rows, rowKey, sorted, rowHeader, highlighted }: DataTableProps<Row>) {
  const messages = useMessages()
  const { compare } = useFormats()
  const [sorting, setSorting] = useState(sorted)
  const ordered = useMemo(() => sortRows(rows, columns, sorting, compare), [rows, columns, sorting, compare])
  const header = rowHeader ?? columns[0]?.id
  return (
    // A group, not a region: the panel around it is one already, often of the same name.
    <div className="table-frame" role="group" aria-label={caption} tabIndex={0}>
      <table>
        <caption className="hidden-visually">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => {
              const current = sorting?.column === column.id ? (sorting.descending ? 'descending' : 'ascending') : undefined
              return (
                <th key={column.id} scope="col" className={column.numeric === true ? 'numeric' : ''} aria-sort={current}>
                  {column.value === undefined ? (
                    column.header
                  ) : (
                    <button
                      type="button"
                      className="sort"
                      title={messages.common.sortBy(column.header)}
                      onClick={() => setSorting(nextSorting(column, sorting))}
                    >
                      {column.header}
                      <span aria-hidden="true" className="sort-mark">
                        {current === undefined ? '' : current === 'ascending' ? '▲' : '▼'}
                      </span>
                    </button>
                  )}
                </th>
              )
            })}
          </tr>
        </thead>
        <tbody>
          {ordered.map((row) => (
            <tr key={rowKey(row)} className={highlighted?.(row) === true ? 'highlighted' : ''}>
              {columns.map((column) => {
                const content = column.cell === undefined ? (column.value?.(row) ?? '') : column.cell(row)
                const className =
                  column.numeric === true ? 'numeric' : column.wordy === 'long' ? 'wordy long' : column.wordy === true ? 'wordy' : ''
                return column.id === header ? (
                  <th key={column.id} scope="row" className={className}>
                    {content}
                  </th>
                ) : (
                  <td key={column.id} className={className}>
                    {content}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Numbers are first asked for from the greatest, words from the first. */
function nextSorting<Row>(column: Column<Row>, sorting: Sorting | undefined): Sorting {
  if (sorting?.column === column.id) return { column: column.id, descending: !sorting.descending }
  return { column: column.id, descending: column.numeric === true }
}

function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sorting: Sorting | undefined,
  compare: (a: string, b: string) => number,
): readonly Row[] {
  const value = columns.find(({ id }) => id === sorting?.column)?.value
  if (sorting === undefined || value === undefined) return rows
  const direction = sorting.descending ? -1 : 1
  return rows.toSorted((one, other) => {
    const [a, b] = [value(one), value(other)]
    if (a === b) return 0
    // What is not known comes last, whichever way.
    if (a === undefined || a === null) return 1
    if (b === undefined || b === null) return -1
    return direction * (typeof a === 'number' && typeof b === 'number' ? a - b : compare(String(a), String(b)))
  })
}
