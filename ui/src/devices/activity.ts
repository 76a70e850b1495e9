import type { components } from "../api/schema.d.ts";

export type Activity = components["schemas"]["ActivityAnswer"];

/** A half-hour of a device's day: how high its bar is (0 to 1), and whether the device was cut off in it. */
export interface Bar {
  place: number;
  height: number;
  isDown: boolean;
}

/** The bars of a day until now; the highest is 1. */
export function barsOf(activity: Activity | undefined): Bar[] {
  const out = activity?.handed_over ?? [];
  const most = Math.max(1, ...out);
  return out.map((n, place) => ({ place, height: n / most, isDown: activity?.down[place] ?? false }));
}
