import { expect, test } from 'vitest'
import { debianArchives, parseDeb822, parseOneLine } from '../../docker/scripts/lib/apt-sources.mjs'

test('one-line sources: options, comments and source packages are left out', () => {
  const text = [
    '# deb http://commented.test/debian bookworm main',
    'deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] https://a.test/debian bookworm main contrib # note',
    'deb-src https://a.test/debian bookworm main',
    'deb cdrom:[Debian 12]/ bookworm main',
    '',
  ].join('\n')
  expect(parseOneLine(text)[0]).toEqual({
    uris: ['https://a.test/debian'],
    suites: ['bookworm'],
    components: ['main', 'contrib'],
  })
  expect(parseOneLine(text).filter(({ uris }) => uris[0]?.startsWith('https:'))).toHaveLength(1)
})

test('deb822 sources: paragraphs, continued lines, comments, disabled ones', () => {
  const text = `# one
Types: deb deb-src
# between
URIs: http://a.test/debian
 http://b.test/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/a.gpg

Types: deb
URIs: http://a.test/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://off.test/debian
Suites: bookworm
Components: main

Types: deb-src
URIs: http://src.test/debian
Suites: bookworm
Components: main
`
  expect(parseDeb822(text)).toEqual([
    {
      uris: ['http://a.test/debian', 'http://b.test/debian'],
      suites: ['bookworm', 'bookworm-updates'],
      components: ['main'],
    },
    { uris: ['http://a.test/debian-security'], suites: ['bookworm-security'], components: ['main'] },
  ])
})

test("the archive is the one that has the suite's main component over HTTP", () => {
  const sources = [
    { uris: ['https://vendor.test/apt'], suites: ['bookworm'], components: ['stable'] },
    { uris: ['file:/srv/debian', 'http://a.test/debian'], suites: ['bookworm'], components: ['main'] },
  ]
  expect(debianArchives(sources, 'bookworm')).toEqual({ main: 'http://a.test/debian', security: undefined })
  expect(debianArchives(sources, 'trixie')).toEqual({ main: undefined, security: undefined })
})
