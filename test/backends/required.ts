/** Which backends must not be absent. */
import { backendRequests, type BackendRequest } from '../../src/tensor/backend.js';
import { requiredNames } from '../support/required.js';

/**
 * Reads REQUIRE_BACKENDS: names with commas between them.
 *
 * @throws Error naming what is no backend
 */
export function requiredBackends(text?: string): BackendRequest[] {
  return requiredNames('REQUIRE_BACKENDS', text, backendRequests);
}
