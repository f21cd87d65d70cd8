import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import ts from 'typescript-eslint'

export default defineConfig(
  globalIgnores(['build/', '.tap/', '*.js', '*.cjs', 'test/fixtures/']),
  {
    files: ['**/*.ts'],
    extends: [js.configs.recommended, ts.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true }
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Loops over octets read `wire[at] as number` next to the bound that makes it true; `!` says the same in tests.
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-console': 'error',
      'no-restricted-globals': ['error', 'setTimeout', 'setInterval', 'setImmediate', 'performance'],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Use runtime.clock.' },
        { object: 'Math', property: 'random', message: 'Use runtime.random.' },
        { object: 'process', property: 'env', message: 'Read the environment in src/cli.' }
      ]
    }
  },
  { files: ['scripts/**/*.mjs'], extends: [js.configs.recommended] },
  {
    files: ['src/runtime/**', 'src/cli/**', 'bench/**'],
    rules: { 'no-console': 'off', 'no-restricted-globals': 'off', 'no-restricted-properties': 'off' }
  },
  {
    files: ['test/**'],
    rules: {
      // t.test() returns a promise that tap awaits itself.
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/require-await': 'off',
      'no-restricted-globals': 'off',
      'no-restricted-properties': 'off',
      'no-console': 'off'
    }
  }
)
