"""Pages for people: the dashboard that is built from `ui/`. Owns no table; emits and hears nothing."""
