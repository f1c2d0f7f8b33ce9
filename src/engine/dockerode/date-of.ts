/** `{ [name]: date }`, or nothing for a time that never came: the engine then says the year 1. */
export function dateOf<Name extends string>(name: Name, text: string | undefined): { [key in Name]?: Date } {
  const date = new Date(text ?? '')
  return date.getTime() > 0 ? ({ [name]: date } as { [key in Name]: Date }) : {}
}
