import { MetaError, matchesPattern, matchingNames } from "@metalearn/core";

/** Options of the parameters whose names match a pattern; an absent one is that of the optimizer. */
export type ParameterGroup<Options> = Partial<Options> & {
  /** A name, in which `*` matches any text. A parameter belongs to the first group that it matches. */
  readonly pattern: string;
};

/** Names of a parameter's coefficients, which depend on its group. */
export interface GroupedCoefficients {
  /** Values by coefficient: `name` for parameters without a group, `name.0` for those of the first. */
  values(usual: number, inGroup: readonly (number | undefined)[]): Record<string, number>;
  /** Coefficient of a parameter. */
  of(parameter: string): string;
}

/** Gives each group a coefficient of its own, beside the usual one. */
export function groupedCoefficients(
  coefficient: string,
  groups: readonly ParameterGroup<object>[],
): GroupedCoefficients {
  const inGroup = (i: number) => `${coefficient}.${i}`;
  return {
    values: (usual, values) => ({
      [coefficient]: usual,
      ...Object.fromEntries(values.map((value, i) => [inGroup(i), value ?? usual])),
    }),
    of(parameter) {
      const i = groupOf(groups, parameter);
      return i < 0 ? coefficient : inGroup(i);
    },
  };
}

/**
 * Checks that every group has a parameter.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function requireMembers(
  groups: readonly ParameterGroup<object>[],
  parameters: readonly string[],
): void {
  for (const [i, { pattern }] of groups.entries()) {
    const option = `groups.${i}.pattern`;
    const matching = matchingNames(parameters, [pattern], option);
    if (matching.some((name) => groupOf(groups, name) === i)) continue;
    throw new MetaError(
      "BAD_OPTION",
      `${option}: all parameters that match "${pattern}" belong to earlier groups. Put it before them.`,
    );
  }
}

/** Number of the group that a parameter belongs to; -1 for none. */
function groupOf(groups: readonly ParameterGroup<object>[], parameter: string): number {
  return groups.findIndex(({ pattern }) => matchesPattern(parameter, pattern));
}
