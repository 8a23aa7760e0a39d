/** A button for what only an administrator decides: asks why, for that is written down beside the decision. */
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Button, Dialog, DialogTrigger, Heading, Label, Modal, ModalOverlay, TextArea, TextField } from 'react-aria-components'
import { queryClient } from '../api/use-api.ts'
import { Failure } from '../components/panel.tsx'
import { Unbroken } from '../components/unbroken.tsx'
import { useMessages } from '../i18n/language.tsx'
import { useNotice } from '../notice.tsx'

interface DecisionProps {
  /** What the button says, here and in the dialog. */
  readonly act: string
  readonly question: string
  /** What follows from it. */
  readonly text: string
  readonly primary?: boolean
  readonly decide: (reason: string) => Promise<unknown>
}

export function Decision({ act, question, text, primary = false, decide }: DecisionProps) {
  const { decision, common } = useMessages()
  const say = useNotice()
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const request = useMutation({
    mutationFn: () => decide(reason.trim()),
    onSuccess: async () => {
      say(decision.noted)
      setOpen(false)
      setReason('')
      await queryClient.invalidateQueries()
    },
  })
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      <Button className={primary ? 'button primary' : 'button'}>{act}</Button>
      <ModalOverlay className="modal-ground" isDismissable>
        <Modal className="modal">
          <Dialog>
            <form
              className="stack"
              onSubmit={(event) => {
                event.preventDefault()
                if (reason.trim() !== '') request.mutate()
              }}
            >
              <Heading slot="title">
                <Unbroken text={question} />
              </Heading>
              <p>{text}</p>
              <TextField className="field" value={reason} onChange={setReason} isRequired maxLength={1000}>
                <Label className="field-label">{decision.reason}</Label>
                <TextArea className="input" />
              </TextField>
              <p className="quiet small">{decision.reasonNeeded}</p>
              {request.isError ? <Failure error={request.error} title={decision.refused} /> : null}
              <div className="title-actions">
                <Button className="button primary" type="submit" isDisabled={reason.trim() === '' || request.isPending}>
                  {act}
                </Button>
                <Button className="button" slot="close">
                  {common.cancel}
                </Button>
              </div>
            </form>
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  )
}
