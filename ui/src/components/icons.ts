/** Our own icons: paths on a grid of 20, drawn with a round stroke of 1.6 and no fill. */
export const ICONS = {
  again: '<path d="M16 10a6 6 0 1 1-1.8-4.3L16.5 8M16.5 3.8V8h-4.2"/>',
  back: '<path d="M12.5 4.5 7 10l5.5 5.5"/>',
  calendar:
    '<rect x="3.2" y="4.5" width="13.6" height="12" rx="1.8"/><path d="M3.2 8.4h13.6M7 2.8v3M13 2.8v3"/>',
  check: '<path d="m4 10.6 3.8 3.9L16 5.8"/>',
  "chevron-down": '<path d="m4.5 7.5 5.5 5.5 5.5-5.5"/>',
  "chevron-right": '<path d="m7.5 4.5 5.5 5.5-5.5 5.5"/>',
  clip: '<path d="M15.5 8.2 9.3 14.4a3.3 3.3 0 0 1-4.7-4.7l6.6-6.6a2.2 2.2 0 0 1 3.1 3.1L7.9 12.6"/>',
  close: '<path d="m5 5 10 10M15 5 5 15"/>',
  copy: '<rect x="7" y="7" width="9.5" height="9.5" rx="1.8"/><path d="M13 7V5a1.5 1.5 0 0 0-1.5-1.5H5A1.5 1.5 0 0 0 3.5 5v6.5A1.5 1.5 0 0 0 5 13h2"/>',
  device: '<rect x="5.8" y="2.5" width="8.4" height="15" rx="2"/><path d="M9 14.8h2"/>',
  document: '<path d="M5 2.8h6.6L15.5 7v10.2H5zM11.5 2.8V7h4"/>',
  download: '<path d="M10 3.5v9.3M6 9l4 4 4-4M3.8 16.5h12.4"/>',
  exit: '<path d="M8 3.5H4.5v13H8M12.5 6.5 16 10l-3.5 3.5M16 10H8"/>',
  eye: '<path d="M2.6 10S5.4 5 10 5s7.4 5 7.4 5-2.8 5-7.4 5-7.4-5-7.4-5z"/><circle cx="10" cy="10" r="2.2"/>',
  filter: '<path d="M3 5h14M5.5 10h9M8.2 15h3.6"/>',
  globe:
    '<circle cx="10" cy="10" r="7"/><path d="M3 10h14M10 3c2 2 2.9 4.4 2.9 7S12 15 10 17c-2-2-2.9-4.4-2.9-7S8 5 10 3z"/>',
  history: '<circle cx="10" cy="10" r="7"/><path d="M10 6v4.2l2.8 1.8"/>',
  home: '<path d="M3 9.4 10 3.8l7 5.6V16a1 1 0 0 1-1 1h-3.6v-4.4H7.6V17H4a1 1 0 0 1-1-1z"/>',
  info: '<circle cx="10" cy="10" r="7"/><path d="M10 9.2v4.2M10 6.5v.1"/>',
  key: '<circle cx="6.6" cy="13.4" r="3"/><path d="m8.8 11.2 7-7M13 7l2.4 2.4"/>',
  list: '<path d="M7 5.5h10M7 10h10M7 14.5h10M3.5 5.5h.1M3.5 10h.1M3.5 14.5h.1"/>',
  lock: '<rect x="4.5" y="9" width="11" height="8" rx="1.8"/><path d="M7 9V6.4a3 3 0 0 1 6 0V9"/>',
  menu: '<path d="M3.5 6h13M3.5 10h13M3.5 14h13"/>',
  moon: '<path d="M16.4 11.6A6.8 6.8 0 0 1 8.4 3.6a6.8 6.8 0 1 0 8 8z"/>',
  more: '<path d="M4.5 10h.1M10 10h.1M15.5 10h.1" stroke-width="2.4"/>',
  offline:
    '<path d="M3 3l14 14M5.2 11.2a7 7 0 0 1 2.6-1.7M2.6 8a11 11 0 0 1 3-1.9M10.4 5.3A11 11 0 0 1 17.4 8M12.8 9.9a7 7 0 0 1 2 1.3M10 15.2v.1"/>',
  pause: '<path d="M7 4.5v11M13 4.5v11"/>',
  person: '<circle cx="10" cy="6.8" r="3.2"/><path d="M3.8 17a6.2 6.2 0 0 1 12.4 0"/>',
  pin: '<path d="M10 17s5.5-5 5.5-9.2a5.5 5.5 0 0 0-11 0C4.5 12 10 17 10 17z"/><circle cx="10" cy="7.8" r="1.8"/>',
  plug: '<path d="M7.5 3v4M12.5 3v4M5 7h10v2a5 5 0 0 1-10 0zM10 14v3"/>',
  plus: '<path d="M10 4v12M4 10h12"/>',
  poll: '<path d="M4 5h12M4 10h8M4 15h5"/>',
  reply: '<path d="M7.6 5 3 9.4l4.6 4.4M3 9.4h8.6a5 5 0 0 1 5 5V15.6"/>',
  rotate:
    '<path d="M3.5 8.4A7 7 0 0 1 16 6.6M16.5 11.6A7 7 0 0 1 4 13.4M16.3 3.2v3.6h-3.6M3.7 16.8v-3.6h3.6"/>',
  search: '<circle cx="9" cy="9" r="5.2"/><path d="m13 13 4 4"/>',
  smile: '<circle cx="10" cy="10" r="7.2"/><path d="M7.2 12a3.6 3.6 0 0 0 5.6 0M7.6 7.9v.2M12.4 7.9v.2"/>',
  send: '<path d="M17 3.2 3 8.6l5.4 3 3 5.4zM8.4 11.6 17 3.2"/>',
  settings:
    '<circle cx="10" cy="10" r="2.6"/><path d="M10 3v2M10 15v2M3 10h2M15 10h2M5 5l1.5 1.5M13.5 13.5 15 15M15 5l-1.5 1.5M6.5 13.5 5 15"/>',
  simulator: '<rect x="5" y="2.5" width="10" height="15" rx="2"/><path d="m8.8 7.4 4 2.6-4 2.6z"/>',
  sun: '<circle cx="10" cy="10" r="3.2"/><path d="M10 2.8v1.7M10 15.5v1.7M2.8 10h1.7M15.5 10h1.7M4.9 4.9l1.2 1.2M13.9 13.9l1.2 1.2M15.1 4.9l-1.2 1.2M6.1 13.9l-1.2 1.2"/>',
  trash: '<path d="M4 5.5h12M8 5.5V3.6h4v1.9M5.6 5.5l.7 11h7.4l.7-11M8.5 8.5v5M11.5 8.5v5"/>',
  undo: '<path d="M4 10a6 6 0 1 0 1.8-4.3L3.5 8M3.5 3.8V8h4.2"/>',
  warning: '<path d="M10 3.4 17.6 16.4H2.4zM10 8.2v3.6M10 14v.1"/>',
} as const;

export type IconName = keyof typeof ICONS;
