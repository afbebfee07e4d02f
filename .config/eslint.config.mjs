import tseslint from 'typescript-eslint';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

// WebGPU reads asynchronously only, and what runs on one backend should run on all.
const synchronousReads = ['dataSync', 'arraySync', 'bufferSync', 'bytesSync', 'readSync', 'print'];

export default tseslint.config(
  // AssemblyScript, which its own compiler checks.
  { ignores: ['src/tensor/wasm/assembly/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: root } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      // Numbers in messages are everyday business here.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Index access in numeric loops is checked by shapes, not by the compiler.
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-properties': [
        'error',
        ...synchronousReads.map((property) => ({
          property,
          message: 'It reads a tensor synchronously, which WebGPU cannot: use "await x.data()".',
        })),
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    // node:test-style assertions on deliberately wrong input need casts that the library forbids itself.
    rules: { '@typescript-eslint/no-unsafe-argument': 'off' },
  },
  // These run on wasm alone.
  { files: ['test/tensor/wasm/**'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['**/*.mjs'], extends: [tseslint.configs.recommended] },
);
