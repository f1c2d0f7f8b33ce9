import tseslint from 'typescript-eslint'

/** Folders of src that a folder may import from, beside itself, `errors`, `model` and `internal`. */
const mayImport = {
  internal: [],
  model: ['internal'],
  errors: ['internal'],
  events: [],
  streaming: [],
  ports: [],
  command: ['streaming', 'ports'],
  policy: ['command', 'ports', 'streaming'],
  messages: ['ports'],
  secrets: ['ports'],
  'agent-sdk': ['command'],
  engine: ['streaming'],
  supervisor: ['streaming'],
  delivery: ['engine', 'supervisor', 'streaming', 'exec', 'archives'],
  exec: ['engine', 'streaming', 'command'],
  logs: ['engine', 'streaming'],
  archives: ['engine', 'streaming', 'exec', 'command'],
  images: ['engine', 'archives', 'events'],
  sessions: ['command', 'streaming'],
  builtins: ['command', 'streaming', 'supervisor'],
  files: ['builtins', 'command', 'streaming', 'supervisor'],
  runners: [
    'builtins',
    'files',
    'secrets',
    'ports',
    'events',
    'command',
    'policy',
    'sessions',
    'supervisor',
    'engine',
    'streaming',
    'delivery',
    'exec',
  ],
  testing: ['command', 'events', 'ports', 'secrets'],
  harness: [
    'engine', 'streaming', 'events', 'command', 'exec', 'logs', 'archives', 'images', 'delivery', 'files', 'runners',
  ], // prettier-ignore
}
const everywhere = ['errors', 'model', 'internal']
const folders = Object.keys(mayImport)

const vendors = [
  { names: ['dockerode', 'docker-modem', 'dockerode/*'], home: 'src/engine/dockerode' },
  { names: ['eventemitter3'], home: 'src/events' },
  { names: ['node:child_process', 'child_process'], home: 'src/runners/host', also: ['engine'] }, // ssh endpoints
  { names: ['tar-stream'], home: 'src/archives' },
  { names: ['unbash'], home: 'src/policy' },
]

/** The walls: arrows between folders go one way, and a vendor's package has one home. */
const walls = folders.map((folder) => {
  const allowed = new Set([
    folder,
    ...everywhere.slice(0, folder === 'errors' ? 0 : undefined),
    ...mayImport[folder],
  ])
  const closed = folders.filter((other) => !allowed.has(other))
  return {
    files: [`src/${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...closed.map((other) => ({
              regex: `^(\\.\\./)+${other}/`,
              message: `src/${folder} may not know src/${other}.`,
            })),
            { regex: '^(\\.\\./)+index(\\.js)?$', message: 'Import the concrete file.' },
            ...vendors
              .filter(({ home, also = [] }) => !home.startsWith(`src/${folder}`) && !also.includes(folder))
              .map(({ names, home }) => ({ group: names, message: `Only ${home} may import it.` })),
          ],
        },
      ],
    },
  }
})

/** Within engine and runners the vendor's home is one sub-folder. */
const subfolderWalls = [
  { files: ['src/engine/*.ts', 'src/engine/endpoint/**/*.ts'], names: ['dockerode', 'docker-modem'] },
].map(({ files, names }) => ({
  files,
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          { regex: `^(${names.join('|')})(/|$)`, message: 'Only src/engine/dockerode may import it.' },
        ],
      },
    ],
  },
}))

/** Secrets are revealed in one place; the cases of stores look at what a store gave. */
const revealing = {
  files: ['src/**/*.ts'],
  ignores: ['src/runners/secrets/reveal-secrets.ts', 'src/secrets/secret-store-cases.ts'],
  rules: {
    'no-restricted-syntax': [
      'error',
      ...[
        'MemberExpression[property.name="reveal"]',
        'MemberExpression[property.value="reveal"]',
        'ObjectPattern > Property[key.name="reveal"]',
      ].map((selector) => ({
        selector,
        message: 'Only src/runners/secrets/reveal-secrets.ts reveals secrets.',
      })),
    ],
  },
}

export default tseslint.config(
  { ignores: ['dist/**', 'docs/api/**', 'coverage/**', 'test/package/projects/**', 'supervisor/build/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './examples/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { inheritedMethods: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  { files: ['src/**/*.ts'], rules: { 'no-console': 'error', 'max-lines': ['error', 300] } },
  revealing,
  ...walls,
  ...subfolderWalls,
)
