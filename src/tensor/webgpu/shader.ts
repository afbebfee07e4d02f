/** Compute shaders in WGSL: what is particular to one, and the frame around it. */

/** A compute shader over float32 tensors. */
export interface Shader {
  /** Its name in profiles, and the key of its pipeline: other code must have another name. */
  readonly name: string;
  /** The tensors that it reads, then those that it writes or changes in place; no tensor may be in both */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Arguments, which the code finds in `u` */
  readonly integers: readonly string[];
  readonly reals: readonly string[];
  /** Threads of a workgroup */
  readonly threads: number;
  /** Declarations before the entry point */
  readonly declarations?: string;
  /** The body of the entry point, which knows `group` (the workgroup's place), `groups` and `thread`. */
  readonly body: string;
}

/** WebGPU's limit for the groups along one axis */
const mostGroups = 65535;

/** So many workgroups, in rows where they are more than fit along one axis; `group.x + group.y * groups.x`. */
export function flat(groups: number): [number, number, number] {
  return groups <= mostGroups ? [groups, 1, 1] : [mostGroups, Math.ceil(groups / mostGroups), 1];
}

/** The whole WGSL program of a shader. */
export function codeOf({
  reads,
  writes,
  integers,
  reals,
  threads,
  declarations = '',
  body,
}: Shader): string {
  const binding = (name: string, access: string, place: number) =>
    `@group(0) @binding(${place}) var<storage, ${access}> ${name}: array<f32>;`;
  const fields = [
    ...integers.map((name) => `${name}: i32`),
    ...reals.map((name) => `${name}: f32`),
  ];
  return [
    `struct Arguments { ${fields.join(', ')} };`,
    ...reads.map((name, place) => binding(name, 'read', place)),
    ...writes.map((name, place) => binding(name, 'read_write', reads.length + place)),
    `@group(0) @binding(${reads.length + writes.length}) var<uniform> u: Arguments;`,
    declarations,
    `@compute @workgroup_size(${threads})`,
    'fn main(@builtin(workgroup_id) group_id: vec3<u32>,',
    '        @builtin(num_workgroups) group_counts: vec3<u32>,',
    '        @builtin(local_invocation_index) thread_index: u32) {',
    '  let group = vec3<i32>(group_id);',
    '  let groups = vec3<i32>(group_counts);',
    '  let thread = i32(thread_index);',
    body,
    '}',
  ].join('\n');
}
