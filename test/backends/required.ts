/** Which backends must not be absent. */
import { backendRequests, type BackendRequest } from '../../src/tensor/backend.js';

/**
 * Reads REQUIRE_BACKENDS: names with commas between them.
 *
 * @throws Error naming what is no backend
 */
export function requiredBackends(text = ''): BackendRequest[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const known = backendRequests as readonly string[];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `REQUIRE_BACKENDS: unknown ${unknown.join(', ')}; there are ${backendRequests.join(', ')}`,
    );
  }
  return names as BackendRequest[];
}
