import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Button, FieldError, Form, Input, Label, TextField } from 'react-aria-components'
import { useLocation, useNavigate } from 'react-router'
import { ApiError, call } from './api/client.ts'
import { queryClient } from './api/use-api.ts'
import { Failure } from './components/panel.tsx'
import { useMessages } from './i18n/language.tsx'
import { usePageTitle } from './page-title.ts'

export function SignInPage() {
  const { signIn } = useMessages()
  const [key, setKey] = useState('')
  const navigate = useNavigate()
  const from = originOf(useLocation().state)
  usePageTitle(signIn.title)
  const exchange = useMutation({
    mutationFn: () => call('openSession', { body: { key: key.trim() } }),
    onSuccess: async () => {
      queryClient.clear()
      await navigate(from, { replace: true })
    },
  })
  const refused = exchange.error instanceof ApiError && exchange.error.status === 401
  return (
    <div className="page narrow">
      <h1>{signIn.title}</h1>
      <p className="quiet">{signIn.text}</p>
      <Form
        className="stack sign-in"
        onSubmit={(event) => {
          event.preventDefault()
          exchange.mutate()
        }}
      >
        <TextField
          className="field"
          type="password"
          value={key}
          onChange={(text) => {
            setKey(text)
            exchange.reset() // what was refused was another key; as long as it is called wrong, nothing is sent
          }}
          isRequired
          isInvalid={refused}
          autoComplete="current-password"
        >
          <Label className="field-label">{signIn.key}</Label>
          <Input className="input" maxLength={512} />
          <FieldError className="field-error">{refused ? signIn.wrong : signIn.missing}</FieldError>
        </TextField>
        <Button className="button primary" type="submit" isDisabled={exchange.isPending}>
          {signIn.submit}
        </Button>
      </Form>
      {exchange.isError && !refused ? <Failure error={exchange.error} /> : null}
    </div>
  )
}

/** Where the visitor wanted to go; only a path of this app. */
function originOf(state: unknown): string {
  const from = typeof state === 'object' && state !== null && 'from' in state ? state.from : undefined
  return typeof from === 'string' && from.startsWith('/') && !from.startsWith('//') && from !== '/sign-in' ? from : '/'
}
