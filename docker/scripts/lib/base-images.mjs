import { X509Certificate } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { debianArchives, readAptSources } from './apt-sources.mjs'
import { importImage, pullImage, tarOf } from './image-store.mjs'
import { hasCommand, installPackages, run, whyNoInstall } from './install-engine.mjs'
import { say, SetupError } from './say.mjs'

export const DEBIAN_IMAGE = 'debian:bookworm-slim'
export const BUSYBOX_IMAGE = 'busybox:latest'
const CODENAME = 'bookworm'

/** Pulls the image, or makes one under the same name from Debian packages. */
export async function makeBaseImage(endpoint, name) {
  say('images', `pulling ${name}`)
  try {
    await pullImage(endpoint, name)
    return
  } catch (error) {
    say('images', `no registry gave it (${error.message.split('\n')[0]})`)
  }
  const why = whyNoInstall()
  if (why) throw new SetupError(`${name} cannot be made here, because ${why}.\nType: docker pull ${name}`)
  say('images', `making ${name} from Debian packages`)
  process.umask(0o022)
  // Not /tmp, which may be mounted without devices: debootstrap makes some.
  const folder = mkdtempSync('/var/tmp/anyon-image-')
  try {
    const changes = await MAKERS[name](folder)
    chmodSync(folder, 0o755)
    await importImage(endpoint, name, tarOf(folder), changes)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const MAKERS = { [DEBIAN_IMAGE]: makeDebian, [BUSYBOX_IMAGE]: makeBusybox }

async function makeBusybox(folder) {
  const folders = ['bin', 'etc', 'root', 'home', 'tmp', 'usr/bin', 'var/tmp']
  for (const dir of folders) mkdirSync(join(folder, dir), { recursive: true })
  for (const dir of ['tmp', 'var/tmp']) chmodSync(join(folder, dir), 0o1777)
  const binary = join(folder, 'bin/busybox')
  await fetchBusybox(binary)
  const { output } = await must(binary, ['--list'])
  for (const applet of output.trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(folder, 'bin', applet))
  }
  symlinkSync('/bin/env', join(folder, 'usr/bin/env'))
  const nobody = 'nobody:x:65534:65534:nobody:/home:/bin/false'
  writeFileSync(join(folder, 'etc/passwd'), `root:x:0:0:root:/root:/bin/sh\n${nobody}\n`)
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\nnobody:x:65534:\n')
  return ['CMD ["sh"]', 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']
}

/** Downloaded and unpacked, not installed: the machine keeps the commands that it has. */
async function fetchBusybox(target) {
  const work = mkdtempSync('/var/tmp/anyon-busybox-')
  try {
    await run('apt-get', ['-q', 'update'])
    const asRoot = ['-o', 'APT::Sandbox::User=root']
    await must('apt-get', ['-q', ...asRoot, 'download', 'busybox-static'], { cwd: work })
    const [deb] = readdirSync(work)
    await must('dpkg-deb', ['-x', join(work, deb), work])
    const path = ['bin/busybox', 'usr/bin/busybox'].find((name) => existsSync(join(work, name)))
    copyFileSync(join(work, path), target)
    chmodSync(target, 0o755)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

const SLIM = ['/usr/share/doc', '/usr/share/info', '/usr/share/locale', '/usr/share/man']

async function makeDebian(folder) {
  if (!hasCommand('debootstrap')) await installPackages(['debootstrap', 'debian-archive-keyring'])
  const codename = hostCodename()
  const { main, security } = debianArchives(readAptSources(), codename)
  say('images', 'debootstrap (about a minute)')
  const args = ['--variant=minbase', '--include=ca-certificates', CODENAME, folder]
  await must('debootstrap', main ? [...args, main] : args)
  const lines = [
    main && `deb ${main} ${CODENAME} main`,
    security && `deb ${security} ${CODENAME}-security main`,
  ]
  // As in the image that the registry has: no documentation, and no copies of the packages.
  writeFileSync(
    join(folder, 'etc/dpkg/dpkg.cfg.d/docker'),
    SLIM.map((path) => `path-exclude ${path}/*\n`).join(''),
  )
  if (main) writeFileSync(join(folder, 'etc/apt/sources.list'), `${lines.filter(Boolean).join('\n')}\n`)
  await trustHostCertificates(folder)
  for (const dir of [...SLIM, '/var/log', '/var/cache/apt', '/var/lib/apt/lists']) {
    rmSync(join(folder, dir), { recursive: true, force: true })
    mkdirSync(join(folder, dir))
  }
  return ['CMD ["bash"]']
}

function hostCodename() {
  return /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? CODENAME
}

/** A network that only lets through what its own authority signed is the same network in a container. */
async function trustHostCertificates(folder) {
  const own = pemBlocks(join(folder, 'etc/ssl/certs/ca-certificates.crt')).map(fingerprint)
  const extra = pemBlocks(process.env.SSL_CERT_FILE ?? '/etc/ssl/certs/ca-certificates.crt').filter(
    (pem) => !own.includes(fingerprint(pem)),
  )
  if (extra.length === 0) return
  extra.forEach((pem, index) => {
    writeFileSync(join(folder, `usr/local/share/ca-certificates/host-${index}.crt`), pem)
  })
  await must('chroot', [folder, 'update-ca-certificates'])
}

function pemBlocks(path) {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? []
}

function fingerprint(pem) {
  return new X509Certificate(pem).fingerprint256
}

async function must(command, args, options) {
  const result = await run(command, args, options)
  if (result.code === 0) return result
  throw new SetupError(`${command} ${args.join(' ')} ended with ${result.code}:\n${result.output}`)
}
