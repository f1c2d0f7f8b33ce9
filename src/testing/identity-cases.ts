import assert from 'node:assert/strict'
import { atOnce, firstLine, output } from './case-tools.js'
import { defineCases } from './runner-case.js'

/** The environment, the folder and the user of a command. */
export const identityCases = defineCases([
  {
    name: 'the environment is exactly what was asked for, and who one is',
    needs: ['supervised'],
    async run(runner) {
      const text = await output(
        runner.run(['cat', '/proc/self/environ'], { env: { A: '1', B: 'x=y\nz', C: '' } }),
      )
      const names = text
        .split('\0')
        .filter(Boolean)
        .map((entry) => entry.slice(0, entry.indexOf('=')))
      assert.deepEqual(names.sort(), ['A', 'B', 'C', 'HOME', 'LOGNAME', 'PATH', 'USER'])
      assert(text.includes('B=x=y\nz\0') && text.includes('C=\0'))
    },
  },
  {
    name: 'variables arrive as given: newlines, = and nothing at all',
    async run(runner) {
      const env = { LINES: 'one\ntwo\n', EQUAL: '=a==b', EMPTY: '' }
      const script = 'printf "%s|%s|%s|%s" "$LINES" "$EQUAL" "${EMPTY-unset}" "${OTHER-unset}"'
      assert.equal(await output(runner.run(['sh', '-c', script], { env })), 'one\ntwo\n|=a==b||unset')
    },
  },
  {
    name: 'a command has no open file but its three',
    needs: ['supervised'],
    async run(runner) {
      // The fourth is the folder that ls reads.
      assert.equal(await output(runner.run(['ls', '/proc/self/fd'])), '0\n1\n2\n3\n')
    },
  },
  {
    name: 'given variables go before the defaults',
    async run(runner) {
      const env = { HOME: '/nowhere', USER: 'somebody' }
      assert.equal(await output(runner.run(['sh', '-c', 'echo $HOME $USER'], { env })), '/nowhere somebody\n')
    },
  },
  {
    name: 'inheritEnv passes on what it names and nothing else',
    needs: ['exactEnvironment'],
    async run(runner) {
      const script = 'echo "[$ANYON_CASE_INHERITED] [$ANYON_CASE_OTHER]"'
      const text = await output(
        runner.run(['sh', '-c', script], { inheritEnv: ['ANYON_CASE_INHERITED', 'MISSING'] }),
      )
      assert.equal(text, '[yes] []\n')
    },
  },
  {
    name: 'runs in the folder asked for',
    run: async (runner) => assert.equal(await output(runner.run(['pwd'], { cwd: '/proc' })), '/proc\n'),
  },
  {
    name: 'runs as a user given by numbers',
    needs: ['users'],
    async run(runner) {
      assert.equal(
        await output(runner.run(['sh', '-c', 'id -u; id -g'], { user: '1234:5678' })),
        '1234\n5678\n',
      )
    },
  },
  {
    name: 'a user has the groups that the place says, by name and by number, and no others',
    needs: ['users', 'supervised'],
    async run(runner) {
      const groups = async (script: string, options = {}) =>
        (await output(runner.run(['sh', '-c', script], options))).trim().split(/\s+/).sort()
      const users = (await output(runner.run(['cut', '-d:', '-f1,3', '/etc/passwd']))).trim().split('\n')
      await atOnce(users, 8, async (user) => {
        const [name = '', id = ''] = user.split(':')
        const expected = await groups(`id -G ${name}`)
        assert.deepEqual(await groups('id -G', { user: name }), expected, name)
        assert.deepEqual(await groups('id -G', { user: id }), expected, id)
        assert.deepEqual(await groups('id -G', { user: `${name}:4242` }), ['4242'], name)
      })
    },
  },
  {
    name: 'runs as a user given by name, with HOME of its own',
    needs: ['users', 'supervised'],
    async run(runner) {
      const entry = await output(runner.run(['grep', '^nobody:', '/etc/passwd']))
      const [, , id, , , home] = entry.split(':')
      const script = 'id -u; echo $USER $LOGNAME; echo $HOME'
      const text = await output(runner.run(['sh', '-c', script], { user: 'nobody' }))
      assert.equal(text, `${id}\nnobody nobody\n${home}\n`)
    },
  },
  {
    name: "commands of the user 'unique' are each somebody else, with one group and no name",
    needs: ['uniqueUsers'],
    async run(runner) {
      const who = ['sh', '-c', 'echo $(id -u) $(id -G) $(cut -d: -f3 /etc/passwd | grep -cx $(id -u)) $HOME']
      const all = await Promise.all(
        Array.from({ length: 4 }, () => output(runner.run(who, { user: 'unique' }))),
      )
      for (const one of all) assert.match(one, /^([1-9]\d*) \1 0 \/\n$/)
      assert.equal(new Set(all).size, all.length)
    },
  },
  {
    name: "commands of the user 'unique' can neither read nor end each other",
    needs: ['uniqueUsers'],
    async run(runner) {
      const env = { WORD: 'sesame-open' }
      const victim = runner.spawn(['sh', '-c', 'echo $$; read end'], { user: 'unique', env, stdin: 'pipe' })
      const attack = 'tr "\\0" "\\n" < /proc/$0/environ | grep WORD; kill -9 $0 && echo killed; echo tried'
      const tried = runner.run(['sh', '-c', attack, await firstLine(victim)], { user: 'unique' })
      assert.equal(await output(tried), 'tried\n')
      victim.stdin.end('\n')
      assert.equal((await victim.exit).code, 0)
    },
  },
])
