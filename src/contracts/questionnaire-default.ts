/** The questionnaire as its first version asked it: five questions of eight options, twelve labels. */
import type { QuestionnaireDefinition } from './questionnaire.ts'

/** In the order of the labels 0 to 11 of the data: clients of the first version know these ids. */
const labelIds = [
  '4e53920c-505a-4a90-a694-b9300791f0ae',
  '2b473002-36f8-4b87-954e-9a377e0ccbec',
  '0e37d916-f960-4772-a25a-01b762b5c1bd',
  'da5303ae-5aba-495c-b5d6-eb5c4a66b941',
  'a901bb08-1985-42f5-bb77-27439ac14300',
  'b41ff031-141e-4a8d-bb56-158a22bea0b3',
  '3f0f196c-4a7b-43af-9e29-6522a715342d',
  'a68db521-c031-44c7-b5ef-bfa4c0850e2a',
  'c0684344-1eb7-40e7-b334-06d25ac9268c',
  'ac3e95f3-eb40-4e4e-a605-9fdd0224877c',
  '33e1fbd4-2fd8-45fb-a42f-f92551694506',
  'b6d16e02-6aeb-413c-b457-321151bb403d',
] as const

const word = (ko: string, en: string): { ko: string; en: string } => ({ ko, en })

export const defaultQuestionnaire: QuestionnaireDefinition = {
  questions: [
    {
      id: 'age_group',
      text: word('나이대가 어떻게 되세요?', 'How old are you?'),
      options: [
        word('14세 이하', '14 or younger'),
        word('15–19세', '15 to 19'),
        word('20대', 'In my twenties'),
        word('30대', 'In my thirties'),
        word('40대', 'In my forties'),
        word('50대', 'In my fifties'),
        word('60대', 'In my sixties'),
        word('70세 이상', '70 or older'),
      ],
    },
    {
      id: 'occupation',
      text: word('어떤 일을 하세요?', 'What do you do?'),
      options: [
        word('학생', 'I study'),
        word('사무직', 'I work in an office'),
        word('서비스·판매직', 'I serve or sell'),
        word('전문직', 'I practise a profession'),
        word('생산·기술직', 'I build or repair things'),
        word('예술·창작', 'I make art'),
        word('주부·돌봄', 'I look after home and family'),
        word('은퇴했거나 쉬는 중', 'I am retired or taking a break'),
      ],
    },
    {
      id: 'relaxation',
      text: word('쉴 때 주로 무엇을 하세요?', 'How do you like to relax?'),
      options: [
        word('영화나 드라마 보기', 'Watching films or series'),
        word('음악 듣기', 'Listening to music'),
        word('책 읽기', 'Reading'),
        word('운동', 'Doing sports'),
        word('게임', 'Playing games'),
        word('요리', 'Cooking'),
        word('산책이나 여행', 'Walking or travelling'),
        word('낮잠', 'Taking a nap'),
      ],
    },
    {
      id: 'colour',
      text: word('어떤 색을 가장 좋아하세요?', 'Which colour do you like best?'),
      options: [
        word('빨강', 'Red'),
        word('주황', 'Orange'),
        word('노랑', 'Yellow'),
        word('초록', 'Green'),
        word('파랑', 'Blue'),
        word('보라', 'Purple'),
        word('검정', 'Black'),
        word('하양', 'White'),
      ],
    },
    {
      id: 'sport',
      text: word('어떤 스포츠를 즐겨 보세요?', 'Which sport do you like to watch?'),
      options: [
        word('축구', 'Football'),
        word('야구', 'Baseball'),
        word('농구', 'Basketball'),
        word('배구', 'Volleyball'),
        word('수영', 'Swimming'),
        word('테니스', 'Tennis'),
        word('골프', 'Golf'),
        word('e스포츠', 'Esports'),
      ],
    },
  ],
  labels: labelIds.map((id) => ({ id })),
}
