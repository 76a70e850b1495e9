import { api } from "../api/client.ts";
import type { components } from "../api/schema.d.ts";
import { resume, adopt } from "../session/session.svelte.ts";

export type ProfileForm = components["schemas"]["ProfileForm"];

/** Change something about oneself; what is left out stays. Raises a `Problem`. */
export async function updateMe(change: ProfileForm): Promise<void> {
  await resume();
  const { data } = await api.PATCH("/api/v1/me", { body: change });
  if (data) await adopt(data);
}
