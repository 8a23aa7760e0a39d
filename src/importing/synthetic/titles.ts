/** Korean titles for generated catalogues: believable, all different, a few of them very long. */
import type { Random } from '../../model/random/random.ts'

/** Which words a title is made of. */
export type Mood = 'action' | 'love' | 'laugh' | 'dark' | 'wonder' | 'history' | 'life' | 'kids' | 'show' | 'facts'

interface Words {
  readonly qualities: readonly string[]
  readonly nouns: readonly string[]
}
const list = (text: string): readonly string[] => text.split(',').map((word) => word.trim())

const words: Readonly<Record<Mood, Words>> = {
  action: {
    qualities: list('거친, 뜨거운, 마지막, 무적의, 불타는, 위험한, 숨 가쁜, 강철의, 끝없는, 검은, 전설의, 빗나간'),
    nouns: list('추격, 용병, 요원, 총성, 도주, 작전, 복서, 화염, 경호원, 결투, 특수부대, 고속도로, 금고, 현상금, 귀환, 잠입'),
  },
  love: {
    qualities: list('서툰, 늦은, 달콤한, 두 번째, 눈부신, 설레는, 오래된, 어느 봄날의, 말하지 못한, 반가운, 뜻밖의, 스물아홉의'),
    nouns: list('고백, 연애, 첫사랑, 편지, 결혼식, 이별, 우산, 카페, 프러포즈, 여름밤, 손길, 연인, 기념일, 눈사람, 벚꽃, 소개팅'),
  },
  laugh: {
    qualities: list('수상한, 엉뚱한, 대단한, 겁 없는, 눈치 없는, 뻔뻔한, 소문난, 어쩌다, 얼떨결에, 골 때리는, 완벽한, 옆집'),
    nouns: list('가족, 이웃, 형제, 사돈, 부장님, 하숙집, 치킨집, 삼촌, 동창회, 사기단, 반장 선거, 휴가, 신입사원, 예비군, 이사, 도둑들'),
  },
  dark: {
    qualities: list('사라진, 어두운, 차가운, 핏빛, 열두 번째, 닫힌, 검은, 낯선, 이름 없는, 침묵하는, 자정의, 금지된'),
    nouns: list('목격자, 그림자, 실종, 별장, 지하실, 거울, 용의자, 유령, 저주, 밀실, 증언, 안개, 인형, 전화벨, 계단, 폐교'),
  },
  wonder: {
    qualities: list('마지막, 잃어버린, 빛나는, 숨겨진, 영원한, 하늘을 나는, 일곱 번째, 얼어붙은, 끝없는, 전설의, 붉은, 먼'),
    nouns: list('행성, 우주선, 마법사, 왕국, 용, 시간 여행, 은하, 로봇, 성배, 차원의 문, 별자리, 예언, 기계 도시, 검사, 정령, 궤도'),
  },
  history: {
    qualities: list('위대한, 불멸의, 잊힌, 조선의, 버려진, 붉은, 달빛 아래, 왕의, 천년의, 슬픈, 고독한, 비밀의'),
    nouns: list('세자, 궁궐, 옥새, 의녀, 암행어사, 장군, 사초, 도성, 책사, 왕후, 상단, 화공, 역관, 봉화, 무관, 종묘'),
  },
  life: {
    qualities: list('평범한, 조용한, 따뜻한, 작은, 외로운, 느린, 푸른, 오후의, 하얀, 새로운, 우리 동네, 그해'),
    nouns: list('식탁, 계절, 골목, 바다, 병원, 학교, 어머니, 서점, 정원, 기차역, 약속, 아버지, 졸업, 마을, 등대, 재회'),
  },
  kids: {
    qualities: list('꼬마, 용감한, 반짝반짝, 신나는, 깡충깡충, 무지개, 알록달록, 장난꾸러기, 척척박사, 꿈꾸는, 씩씩한, 우당탕'),
    nouns: list('토끼 뽀리, 공룡 코코, 소방차 빵빵, 펭귄 루피, 고양이 모모, 로봇 티티, 곰돌이 두두, 기차 칙칙, 강아지 초코, 요정 나나'),
  },
  show: {
    qualities: list('오늘의, 주말엔, 리얼, 한밤의, 대한민국, 전국, 도전, 삼시, 떠나자, 슈퍼, 우리끼리, 골목'),
    nouns: list('식당, 노래자랑, 캠핑, 여행단, 요리왕, 퀴즈쇼, 오디션, 운동회, 토크쇼, 맛집 지도, 댄스 배틀, 농장, 집들이, 낚시꾼'),
  },
  facts: {
    qualities: list('위대한, 숨 쉬는, 사라지는, 지구의, 바다 밑, 극한의, 알려지지 않은, 인류의, 천 개의, 길 위의, 최초의, 깊은'),
    nouns: list('빙하, 숲, 제국, 고래, 발명, 사막, 문명, 철도, 화산, 도시, 강, 전쟁사, 우주, 밥상, 건축, 유산'),
  },
}

const places = list('서울, 부산, 제주, 강릉, 바닷가, 시골, 옥탑방, 북촌, 항구, 산골, 남쪽 섬, 지하철, 전주, 새벽 시장')
const openings = list(
  '우리가 다시 만나는 날까지, 아무도 말해 주지 않은, 그 여름이 끝나기 전에, 돌아오지 않을 줄 알았던, 어쩌면 처음이자 마지막일지도 모를, 비가 그친 뒤에 남은',
)
const subtitles = list('더 무비, 비긴즈, 마지막 이야기, 감독판, 새로운 시작, 못다 한 이야기, The Return, 어게인')

/** Whether the last syllable ends in a consonant, which decides between 을 and 를, 과 and 와. */
export function endsInConsonant(word: string): boolean {
  const code = word.charCodeAt(word.length - 1) - 0xac00
  return code >= 0 && code < 11_172 && code % 28 !== 0
}

const object = (word: string): string => word + (endsInConsonant(word) ? '을' : '를')
const and = (word: string): string => word + (endsInConsonant(word) ? '과' : '와')

/** Gives a new title at each call; no two are alike. */
export class TitleMaker {
  readonly #used = new Set<string>()
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  next(mood: Mood): string {
    let title = this.#combine(mood)
    for (let attempt = 0; attempt < 8 && this.#used.has(title); attempt++) title = this.#combine(mood)
    const first = title
    for (let part = 2; this.#used.has(title); part++) title = `${first} ${part}` // a sequel, as in life
    this.#used.add(title)
    return title
  }

  #pick(values: readonly string[]): string {
    return values[this.#random.below(values.length)] ?? ''
  }

  #combine(mood: Mood): string {
    const { qualities, nouns } = words[mood]
    const quality = this.#pick(qualities)
    const noun = this.#pick(nouns)
    const other = this.#pick(nouns)
    const place = this.#pick(places)
    const form = this.#random.below(100)
    if (form < 38) return `${quality} ${noun}`
    if (form < 54) return noun === other ? `${place}의 ${noun}` : `${noun}의 ${other}`
    if (form < 66) return `${place}, ${quality} ${noun}`
    if (form < 76) return noun === other ? `다시, ${noun}` : `${and(noun)} ${other}`
    if (form < 84) return `${quality} ${noun}: ${this.#pick(subtitles)}`
    if (form < 90) return `${place}에서 온 ${noun}`
    if (form < 94) return `${object(noun)} 부탁해!`
    if (form < 97) return `"${noun}", 그리고 ${other}`
    return `${this.#pick(openings)} ${place}에서 ${quality} ${noun}, 그리고 ${object(other)} 기억하는 모든 사람에게 보내는 아주 긴 이야기`
  }
}
