/** What the viewer did, told to the API; the next page knows of it. */
import { useMutation } from '@tanstack/react-query'
import { call, type OperationName } from '../api/client.ts'
import { queryClient } from '../api/use-api.ts'
import { useMessages } from '../i18n/language.tsx'
import { useNotice } from '../notice.tsx'
import { useProfile } from './profile.tsx'

/** Answers that depend on what a viewer did. */
const personal: readonly OperationName[] = ['getRows', 'getRecommendations', 'getHistory']

export type Deed =
  | { readonly type: 'viewing'; readonly programId: string; readonly share: number }
  | { readonly type: 'click' | 'dismissal'; readonly programId: string }

/** The API wants seconds; the length of a title is not known here, and only the share of it counts. */
const LENGTH_SECONDS = 3600

const eventId = (): string => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')

export function useDeeds() {
  const { profile } = useProfile()
  const { title } = useMessages()
  const say = useNotice()
  return useMutation({
    mutationFn: (deed: Deed) =>
      call('postEvents', {
        body: {
          event_id: eventId(),
          type: deed.type,
          user: profile.user,
          program_id: deed.programId,
          ...(deed.type === 'viewing' ? { use_tms: Math.round(deed.share * LENGTH_SECONDS), disp_rtm_sec: LENGTH_SECONDS } : {}),
        },
      }),
    onSuccess: () => queryClient.invalidateQueries({ predicate: ({ queryKey }) => personal.some((name) => name === queryKey[0]) }),
    onError: () => say(title.notNoted),
  })
}
