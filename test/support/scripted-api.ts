/** What the examples' scripted Messages API exports. They are CommonJS, which TypeScript would not import here. */
interface ScriptedModule {
  serveScriptedApi(
    script: { command: string; closing: string },
    gateway: string,
  ): Promise<{ port: number; tokens: ReadonlySet<string>; close(): Promise<void> }>
}

const path: string = '../../examples/scripted-messages-api.ts'

/** Serves a Messages API that asks for one command and then closes with a text. */
export const serveScriptedApi: ScriptedModule['serveScriptedApi'] = async (script, gateway) => {
  const { serveScriptedApi: serve } = (await import(/* @vite-ignore */ path)) as ScriptedModule
  return serve(script, gateway)
}
