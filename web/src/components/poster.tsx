/** A poster drawn from what is known of a title: its genre gives the motif and the family of colours, its name the rest. */
import { memo, useId, type CSSProperties, type ReactNode } from 'react'
import { seededRandom } from './seeded-random.ts'

interface PosterProps {
  readonly id: string
  readonly name: string
  readonly genre: string | null
}

const WIDTH = 200
const HEIGHT = 300

/** Position on the colour circle and motif, by words that genres are named with; others are spread by their own name. */
const genreStyles: readonly { readonly words: RegExp; readonly hue: number; readonly motif: Motif }[] = [
  { words: /sf|sci-?fi|판타지|fantasy|adventure|모험/i, hue: 195, motif: 'moon' },
  { words: /멜로|romance|로맨스/i, hue: 0, motif: 'circles' },
  { words: /사극|역사|history/i, hue: 62, motif: 'hills' },
  { words: /드라마|drama|일상/i, hue: 335, motif: 'beams' },
  { words: /영화|film|movie|느와르|noir/i, hue: 220, motif: 'beams' },
  { words: /뉴스|시사|news|경제/i, hue: 205, motif: 'grid' },
  { words: /키즈|유아|어린이|kids|children|family|가족/i, hue: 40, motif: 'balloons' },
  { words: /애니|만화|anim/i, hue: 290, motif: 'balloons' },
  { words: /예능|오락|버라이어티|comedy|코미디|variety|entertain/i, hue: 25, motif: 'confetti' },
  { words: /다큐|documentar|교양|교육|자연|nature|여행|travel/i, hue: 160, motif: 'hills' },
  { words: /스포츠|sport|레저/i, hue: 130, motif: 'lanes' },
  { words: /음악|music|musical|공연|뮤지컬/i, hue: 265, motif: 'waves' },
  { words: /액션|action|war|전쟁|western|thriller|스릴러|crime|범죄/i, hue: 10, motif: 'lanes' },
  { words: /공포|horror|mystery|미스터리/i, hue: 275, motif: 'moon' },
]
const motifs = ['circles', 'beams', 'grid', 'balloons', 'confetti', 'hills', 'lanes', 'waves', 'moon'] as const
type Motif = (typeof motifs)[number]

function styleOf(genre: string | null): { readonly hue: number; readonly motif: Motif } {
  const known = genreStyles.find(({ words }) => genre !== null && words.test(genre))
  if (known !== undefined) return known
  const random = seededRandom(genre ?? '')
  return { hue: Math.floor(random() * 360), motif: motifs[Math.floor(random() * motifs.length)] ?? 'circles' }
}

export const Poster = memo(function Poster({ id, name, genre }: PosterProps) {
  const gradient = useId()
  const { hue: middle, motif } = styleOf(genre)
  const random = seededRandom(`${id} ${name}`)
  const hue = middle + (random() - 0.5) * 44
  const second = hue + 28 + random() * 34
  const turn = random() * 60 - 30
  const light = 0.4 + random() * 0.1
  return (
    <span className="poster" aria-hidden="true" style={{ '--shade': `oklch(0.17 0.06 ${hue.toFixed(0)})` } as CSSProperties}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="xMidYMid slice" focusable="false">
        <defs>
          <linearGradient id={gradient} gradientTransform={`rotate(${(60 + turn).toFixed(1)})`}>
            <stop offset="0" stopColor={`oklch(${light.toFixed(3)} 0.13 ${hue.toFixed(0)})`} />
            <stop offset="1" stopColor={`oklch(${(light + 0.22).toFixed(3)} 0.15 ${second.toFixed(0)})`} />
          </linearGradient>
        </defs>
        <rect width={WIDTH} height={HEIGHT} fill={`url(#${gradient})`} />
        <g fill="currentColor" color={`oklch(0.92 0.07 ${(second + 20).toFixed(0)})`}>
          {draw[motif](random)}
        </g>
      </svg>
      <span className="poster-name" data-length={name.length > 26 ? 'long' : name.length > 12 ? 'middle' : 'short'}>
        <span className="poster-lines">{name}</span>
      </span>
    </span>
  )
})

const between = (random: () => number, least: number, greatest: number): number => Math.round(least + random() * (greatest - least))
const times = (count: number, one: (index: number) => ReactNode): ReactNode => Array.from({ length: count }, (_, index) => one(index))

/** Strokes with round ends, one path for each width: a hundred posters stand on a page, and each node of them counts. */
const strokes = (lines: readonly string[], widths: readonly number[], opacity: (group: number) => number): ReactNode =>
  widths.map((width, group) => (
    <path
      key={width + group}
      d={lines.filter((_, line) => line % widths.length === group).join('')}
      fill="none"
      stroke="currentColor"
      strokeWidth={width}
      strokeLinecap="round"
      opacity={opacity(group)}
    />
  ))

const draw: Readonly<Record<Motif, (random: () => number) => ReactNode>> = {
  circles: (random) => {
    const [x, y, r] = [between(random, 40, 110), between(random, 70, 130), between(random, 46, 74)]
    const shift = between(random, 34, 62)
    return (
      <>
        <circle cx={x} cy={y} r={r} opacity={0.26} />
        <circle cx={x + shift} cy={y + between(random, -18, 24)} r={r * 0.86} opacity={0.2} />
        <circle cx={x + shift / 2} cy={y} r={r * 0.34} opacity={0.36} />
      </>
    )
  },
  beams: (random) => {
    const source = between(random, 30, 170)
    return times(5, (index) => {
      const from = -60 + index * 64 + between(random, -14, 14)
      return <polygon key={index} points={`${source},20 ${from},300 ${from + between(random, 20, 46)},300`} opacity={0.1 + index * 0.035} />
    })
  },
  grid: (random) => {
    const tall = times(6, (index) => {
      const height = between(random, 40, 190)
      return <rect key={index} x={16 + index * 29} y={236 - height} width={17} height={height} rx={2} opacity={0.14 + (index % 3) * 0.08} />
    })
    return (
      <>
        {tall}
        <rect x={16} y={242} width={162} height={3} opacity={0.4} />
      </>
    )
  },
  balloons: (random) =>
    times(7, (index) => (
      <ellipse
        key={index}
        cx={between(random, 14, 186)}
        cy={between(random, 24, 214)}
        rx={between(random, 13, 34)}
        ry={between(random, 16, 38)}
        opacity={0.14 + (index % 4) * 0.07}
      />
    )),
  confetti: (random) => {
    const pieces = Array.from({ length: 26 }, () => {
      const [x, y, length, turn] = [between(random, 8, 192), between(random, 10, 220), between(random, 6, 18), between(random, -70, 70)]
      const angle = (turn * Math.PI) / 180
      return `M${x} ${y}l${(-length * Math.sin(angle)).toFixed(1)} ${(length * Math.cos(angle)).toFixed(1)}`
    })
    return strokes(pieces, [6, 8, 7, 6, 8], (group) => 0.16 + group * 0.07)
  },
  hills: (random) => (
    <>
      <circle cx={between(random, 44, 156)} cy={between(random, 52, 92)} r={between(random, 18, 30)} opacity={0.4} />
      {times(4, (index) => {
        const y = 128 + index * 38
        const [a, b] = [between(random, -34, 12), between(random, -30, 26)]
        return (
          <path
            key={index}
            d={`M0 ${y + a} C 50 ${y - 44 + b}, 90 ${y + 30 - a}, 130 ${y + b} S 190 ${y - 30 + a}, 200 ${y + a} V300 H0 Z`}
            opacity={0.1 + index * 0.05}
          />
        )
      })}
    </>
  ),
  lanes: (random) => {
    const tilt = between(random, 30, 90)
    return times(6, (index) => {
      const x = -70 + index * 52
      return (
        <polygon
          key={index}
          points={`${x},300 ${x + 22},300 ${x + 22 + tilt},0 ${x + tilt},0`}
          opacity={0.07 + ((index * 3) % 5) * 0.045}
        />
      )
    })
  },
  waves: (random) =>
    times(7, (index) => {
      const y = 44 + index * 27
      const swing = between(random, 10, 36)
      return (
        <path
          key={index}
          d={`M-10 ${y} Q 40 ${y - swing}, 100 ${y} T 210 ${y} V ${y + 5} Q 150 ${y + swing + 5}, 100 ${y + 5} T -10 ${y + 5} Z`}
          opacity={0.16 + (index % 3) * 0.09}
        />
      )
    }),
  moon: (random) => {
    const [x, y, r] = [between(random, 60, 140), between(random, 70, 120), between(random, 34, 52)]
    return (
      <>
        <path
          d={`M ${x} ${y - r} A ${r} ${r} 0 1 0 ${x + r} ${y + r * 0.5} A ${r * 0.82} ${r * 0.82} 0 0 1 ${x} ${y - r} Z`}
          opacity={0.46}
        />
        {strokes(
          Array.from({ length: 22 }, () => `M${between(random, 6, 194)} ${between(random, 8, 220)}h0`),
          [1.6, 3.4, 2.4],
          (group) => 0.4 + group * 0.15,
        )}
      </>
    )
  },
}
