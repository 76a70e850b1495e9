"""The dashboard in a real Chromium, over a real server with the simulator."""
