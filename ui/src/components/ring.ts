const COLOURS = ["a", "b", "c", "d", "e", "f"] as const;
const PAIRS = COLOURS.flatMap((upper) =>
  COLOURS.filter((lower) => lower !== upper).map((lower) => [upper, lower] as const),
);
/** Neighbouring devices get colours far apart: 7 has no common divisor with the 30 pairs. */
const STRIDE = 7;

/** The two bands of a device's leg ring, from its id: thirty devices one after another differ. */
export function bandsOf(device: number): { upper: string; lower: string } {
  const [upper, lower] = PAIRS[(device * STRIDE) % PAIRS.length] ?? ["a", "b"];
  return { upper: `var(--color-ring-${upper})`, lower: `var(--color-ring-${lower})` };
}
