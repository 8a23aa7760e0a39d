/** The charts, in a file of their own that loads when the first one is shown. Each stands in a `Figure`, which has its title and its table. */
import {
  Bar,
  BarChart,
  CartesianGrid,
  Cell,
  LabelList,
  Legend,
  Line,
  LineChart,
  ResponsiveContainer,
  Scatter,
  ScatterChart,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts'

export interface Series {
  readonly id: string
  readonly name: string
}

/** One point of the horizontal axis, with the value of each series by its id; undefined: not measured. */
export interface LinePoint {
  readonly x: string
  readonly values: Readonly<Record<string, number | undefined>>
}

const colours = ['var(--series-1)', 'var(--series-2)', 'var(--series-3)', 'var(--series-4)', 'var(--series-5)', 'var(--series-6)'] as const
const colour = (index: number): string => colours[index % colours.length] ?? colours[0]
/** Beyond six, lines differ by their dashes too. */
const dashes = (index: number): string => (index < colours.length ? '' : index < 2 * colours.length ? '6 4' : '2 3')
const shapes = ['circle', 'square', 'triangle', 'diamond', 'star', 'cross'] as const
const shape = (index: number) => shapes[index % shapes.length] ?? shapes[0]
const tick = { fontSize: 12, fill: 'var(--ink-quiet)' }
const tooltip = {
  contentStyle: {
    background: 'var(--raised)',
    border: '1px solid var(--line)',
    borderRadius: 8,
    color: 'var(--ink)',
    fontSize: 13,
    boxShadow: '0 8px 24px var(--shadow)',
  },
  itemStyle: { color: 'var(--ink)' },
  labelStyle: { fontWeight: 600 },
  isAnimationActive: false,
} as const

interface LinesProps {
  readonly label: string
  readonly series: readonly Series[]
  readonly points: readonly LinePoint[]
  readonly format: (value: number) => string
  readonly height: number
  /** The axis begins at zero: for counts, whose size matters more than their change. */
  readonly fromZero?: boolean
}

export function Lines({ label, series, points, format, height, fromZero = false }: LinesProps) {
  const few = points.length <= 16
  return (
    <ResponsiveContainer width="100%" height={height} initialDimension={{ width: 320, height }}>
      <LineChart data={points.map(({ x, values }) => ({ x, ...values }))} title={label} margin={{ top: 8, right: 12, bottom: 0, left: 0 }}>
        <CartesianGrid stroke="var(--line)" vertical={false} />
        <XAxis dataKey="x" tick={tick} tickLine={false} stroke="var(--line-strong)" minTickGap={18} interval="preserveStartEnd" />
        <YAxis
          tick={tick}
          tickLine={false}
          axisLine={false}
          width={52}
          tickFormatter={format}
          tickCount={4}
          domain={[fromZero ? 0 : (least: number) => Math.max(0, least - 0.1 * Math.abs(least)), 'auto']}
        />
        <Tooltip {...tooltip} formatter={(value) => (typeof value === 'number' ? format(value) : String(value))} />
        {series.length > 1 ? <Legend iconType="plainline" itemSorter={null} wrapperStyle={{ fontSize: 13, paddingTop: 8 }} /> : null}
        {series.map(({ id, name }, index) => (
          <Line
            key={id}
            dataKey={id}
            name={name}
            type="linear"
            stroke={colour(index)}
            strokeWidth={2}
            strokeDasharray={dashes(index)}
            dot={few ? { r: 3, fill: colour(index), strokeWidth: 0 } : false}
            activeDot={{ r: 5 }}
            connectNulls={false}
            isAnimationActive={false}
          />
        ))}
      </LineChart>
    </ResponsiveContainer>
  )
}

interface BarsProps {
  readonly label: string
  readonly bars: readonly { readonly id: string; readonly name: string; readonly value: number; readonly marked?: boolean }[]
  readonly format: (value: number) => string
}

/** Lying bars, so that long names have room. */
export function Bars({ label, bars, format }: BarsProps) {
  return (
    <ResponsiveContainer width="100%" height={bars.length * 36 + 16} initialDimension={{ width: 320, height: 200 }}>
      <BarChart data={[...bars]} layout="vertical" title={label} margin={{ top: 0, right: 60, bottom: 0, left: 0 }}>
        <XAxis type="number" hide domain={[0, 'auto']} />
        <YAxis type="category" dataKey="name" tick={tick} tickLine={false} axisLine={false} width={136} interval={0} />
        <Tooltip
          {...tooltip}
          cursor={{ fill: 'var(--sunken)' }}
          formatter={(value) => (typeof value === 'number' ? format(value) : String(value))}
        />
        <Bar dataKey="value" name={label} radius={[0, 4, 4, 0]} isAnimationActive={false} maxBarSize={20}>
          {bars.map(({ id, marked }) => (
            <Cell key={id} fill={marked === true ? 'var(--series-1)' : 'var(--line-strong)'} />
          ))}
          <LabelList
            dataKey="value"
            position="right"
            fill="var(--ink)"
            fontSize={12}
            formatter={(value) => (typeof value === 'number' ? format(value) : String(value ?? ''))}
          />
        </Bar>
      </BarChart>
    </ResponsiveContainer>
  )
}

interface PointsProps {
  readonly label: string
  readonly xName: string
  readonly yName: string
  readonly points: readonly {
    readonly id: string
    readonly name: string
    readonly x: number
    readonly y: number
  }[]
  readonly formatX: (value: number) => string
  readonly formatY: (value: number) => string
}

export function Points({ label, xName, yName, points, formatX, formatY }: PointsProps) {
  return (
    <ResponsiveContainer width="100%" height={320} initialDimension={{ width: 320, height: 320 }}>
      <ScatterChart title={label} margin={{ top: 16, right: 24, bottom: 20, left: 0 }}>
        <CartesianGrid stroke="var(--line)" />
        <XAxis
          type="number"
          dataKey="x"
          name={xName}
          tick={tick}
          tickFormatter={formatX}
          domain={[0, 1]}
          stroke="var(--line-strong)"
          label={{ value: xName, position: 'insideBottom', offset: -12, fontSize: 12, fill: 'var(--ink-quiet)' }}
        />
        <YAxis
          type="number"
          dataKey="y"
          name={yName}
          tick={tick}
          tickFormatter={formatY}
          domain={[0, 'auto']}
          width={64}
          stroke="var(--line-strong)"
          label={{ value: yName, angle: -90, position: 'insideLeft', fontSize: 12, fill: 'var(--ink-quiet)' }}
        />
        <Tooltip
          {...tooltip}
          formatter={(value, name) => (typeof value === 'number' ? (name === xName ? formatX(value) : formatY(value)) : String(value))}
        />
        <Legend itemSorter={null} wrapperStyle={{ fontSize: 13, paddingTop: 16 }} />
        {points.map((point, index) => (
          <Scatter
            key={point.id}
            name={point.name}
            data={[point]}
            fill={colour(index)}
            shape={shape(index)}
            legendType={shape(index)}
            isAnimationActive={false}
          />
        ))}
      </ScatterChart>
    </ResponsiveContainer>
  )
}
