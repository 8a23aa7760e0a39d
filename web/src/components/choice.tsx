/** A choice of one among a few, with its label above or hidden. */
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from 'react-aria-components'

interface ChoiceProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly text: string }[]
  readonly onChange: (value: Value) => void
  readonly labelHidden?: boolean
}

export function Choice<Value extends string>({ label, value, options, onChange, labelHidden = false }: ChoiceProps<Value>) {
  return (
    <Select
      className="choice"
      value={value}
      onChange={(key) => {
        const chosen = options.find((option) => option.value === key)
        if (chosen !== undefined) onChange(chosen.value)
      }}
    >
      <Label className={labelHidden ? 'hidden-visually' : 'field-label'}>{label}</Label>
      <Button className="button choice-button">
        <SelectValue />
        <span aria-hidden="true" className="choice-mark" />
      </Button>
      <Popover className="popover choice-list" placement="bottom end">
        <ListBox>
          {options.map((option) => (
            <ListBoxItem key={option.value} id={option.value} className="choice-option" textValue={option.text}>
              {option.text}
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </Select>
  )
}
