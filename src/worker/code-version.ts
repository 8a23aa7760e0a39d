import manifest from '../../package.json' with { type: 'json' }

/** Goes into every manifest: which code made the model. */
export const codeVersion = `${manifest.name} ${manifest.version}`
