/** The option that all commands about runs share. */
import { Option } from 'commander';
import { defaultRuns } from '../../files/paths.js';

export const runsOption = () =>
  new Option('--runs <folder>', 'the folder of all runs').default(defaultRuns);
