// Arrows of the code: contracts <- model <- activities <- worker; contracts <- workflows; contracts + model <- api, cli.
// Only the entry points (worker, api/server, cli) join adapters to ports.

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from: { path: from, pathNot: '\\.test\\.ts$' }, to })

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    rule('no-circular', 'A cycle means that two modules are one.', '', { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }),
    rule('contracts-import-nothing-of-ours', 'Contracts are what everything else agrees on; they may be used anywhere.', '^src/contracts', {
      path: '^src/(?!contracts)',
    }),
    rule('contracts-are-portable', 'Contracts run in a workflow and in a browser too: no Node built-in.', '^src/contracts', {
      dependencyTypes: ['core'],
    }),
    rule('model-is-pure', 'Numbers only: no I/O, clock, environment, logging, global randomness.', '^src/model', {
      path: '^src/(?!model|contracts)',
    }),
    rule('model-has-no-io', 'Numbers only.', '^src/model', { dependencyTypes: ['core'] }),
    rule('workflows-reach-activities-by-type', 'A workflow may not run what an activity runs.', '^src/workflows', {
      path: '^src/(?!workflows|contracts|activities/activities.ts)',
    }),
    rule('activities-take-ports', 'Adapters are handed to activities; they never fetch their own.', '^src/activities', {
      path: '^src/(adapters|worker|api|cli|config)',
    }),
    rule('adapters-know-no-callers', 'An adapter implements a port; it does not know who uses it.', '^src/adapters', {
      path: '^src/(activities|worker|api|cli|workflows)',
    }),
    rule('api-is-given-its-adapters', 'Only its server joins adapters to the application.', '^src/api/(?!server)', {
      path: '^src/(adapters|worker|cli|activities)',
    }),
    rule('nobody-imports-the-cli', 'Commands are entry points.', '^src/(?!cli)', { path: '^src/cli' }),
    {
      name: 'no-orphans',
      comment: 'A module that nobody reaches is dead.',
      severity: 'error',
      from: { orphan: true, path: '^src', pathNot: '\\.(test|d)\\.ts$' },
      to: {},
    },
    rule('no-test-code-in-src', 'Production code does not use test support.', '^src', { path: '^test' }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js', '.json'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
