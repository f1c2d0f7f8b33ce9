import { expect, test } from 'vitest'
import type { CommandRunner } from '../../src/command/command-runner.js'
import { output } from '../../src/testing/case-tools.js'

const groups = 'member:x:4321:\\nfirst:x:4322:nobody,member\\nother:x:4323:root\\nsecond:x:4324:member\\n'

/** A script that makes a user of several groups, without whom the case of groups has nobody to look at. */
export const addMember = `echo member:x:4321:4321::/tmp:/bin/sh >>/etc/passwd; printf '${groups}' >>/etc/group`

/** Tests that commands of that user have these groups, by name and by number. */
export function knowsMember(runner: () => CommandRunner): void {
  test.each(['member', '4321'])(
    'a command of user %s has the groups of which it is a member',
    async (user) => {
      expect(await output(runner().run(['id', '-G'], { user }))).toBe('4321 4322 4324\n')
    },
  )
}
