/** The one prefix of every label that this library sets. Labels cannot be changed once a container exists. */
export const LABEL_PREFIX = 'anyon.'

/** Labels of a container that this library made. */
export const labels = {
  /** `true` on every container that a harness created. */
  managed: `${LABEL_PREFIX}managed`,
  /** One create call, by which a container is found again when the answer to the call was lost. */
  creation: `${LABEL_PREFIX}creation`,
  /** What is process 1: `engine`, `supervisor` or `none`. */
  init: `${LABEL_PREFIX}init`,
  /** The user whom commands run as unless told otherwise, where process 1 has to be another one. */
  user: `${LABEL_PREFIX}user`,
} as const

/** Whether process 1 of the container with these labels is the supervisor. */
export function isUnderSupervisor(found: Readonly<Record<string, string>>): boolean {
  return found[labels.init] === 'supervisor'
}
