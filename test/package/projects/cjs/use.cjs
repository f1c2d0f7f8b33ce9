const {
  ContainersError,
  DockerHarness,
  DockerRunner,
  HostRunner,
  isContainersError,
} = require('@anyon/containers')

async function main() {
  const runner = new HostRunner()
  const result = await runner.run(['sh', '-c', 'echo out; echo err >&2; exit 7'])
  await runner.close()
  const refusal = await DockerHarness.connect({ socketPath: '/nowhere/docker.sock' }).catch((error) => error)
  console.log(
    JSON.stringify({
      exports: [typeof DockerHarness.connect, typeof DockerRunner],
      exit: [result.exit.reason, result.exit.code, result.stdout, result.stderr],
      refusal: [refusal instanceof ContainersError, isContainersError(refusal), refusal.code],
    }),
  )
}
main()
